"""What a program of a phone's own says of a model it timed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencySummary:
    """Time of one inference, in ms, as a program summed up its runs; the single runs it keeps to itself.

    Several rounds are put together: `mean`, `min`, `max` and `std` are those of all runs of all rounds; percentiles
    cannot be put together, so each of the three is the middle one of those of the rounds.

    Attributes:
        runs: Timed runs, of all rounds.
        rounds: Rounds, each in a fresh process.
        mean: Average.
        min: Fastest run.
        max: Slowest run.
        std: Standard deviation.
        p5: A twentieth of the runs were faster; None where the program's version does not print it.
        median: Half of the runs were faster; None as `p5`.
        p95: A twentieth of the runs were slower; None as `p5`.
    """

    runs: int
    rounds: int
    mean: float
    min: float
    max: float
    std: float
    p5: float | None = None
    median: float | None = None
    p95: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegated:
    """What a delegate took of a model.

    Attributes:
        delegate: As the runtime names it, such as `TfLiteXNNPackDelegate`.
        nodes: Operators it took.
        of_nodes: Operators there are in that graph; None where the program's version does not print it.
        partitions: Parts into which the graph was cut, those that are not delegated among them.
        graph: The graph's name or number; empty for the only one.
    """

    delegate: str
    nodes: int
    of_nodes: int | None
    partitions: int
    graph: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Footprint:
    """Growth of a program's memory, in bytes, by its own account; the program's own needs are in it.

    Attributes:
        init: From its start until the model was ready.
        overall: From its start until the last run.
        peak: The most while it ran, asked for every few milliseconds; None where it was not printed.
    """

    init: int
    overall: int
    peak: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramFigures:
    """How a model was timed on a machine without Python, and what only such a program says.

    Attributes:
        program: What timed it: `benchmark_model`, or the name of an instrumented test.
        program_sha256: Of the program's file; empty for an instrumented test, which is installed on the phone.
        cores: The cores it was allowed, such as `big: 4-7`; `all` for no limit.
        accelerator: What ran the operators it takes: `CPU`, `GPU` or `XNNPACK`; `CPU or XNNPACK` where the program does
            not say what XNNPACK took.
        summary_ms: Times of one inference; None where the single runs are known (`latency_ms`) or nothing was timed.
        warmup_ms: Average of the runs to warm up.
        delegated: What each delegate took; empty where none did or none is named.
        footprint: Growth of the program's memory; None where it does not say.
        warnings: What the program warned of, and errors after which it went on.
        said: Lines of the program that are neither understood nor known to be of no interest.
    """

    program: str
    program_sha256: str = ""
    cores: str = "all"
    accelerator: str = "CPU"
    summary_ms: LatencySummary | None = None
    warmup_ms: float | None = None
    delegated: tuple[Delegated, ...] = ()
    footprint: Footprint | None = None
    warnings: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
