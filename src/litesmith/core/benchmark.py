"""What a benchmark found: times, memory, heat and clock, or instructions where the CPU is emulated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from litesmith.core.device import Device
from litesmith.core.instructions import InstructionCount
from litesmith.core.program_figures import LatencySummary, ProgramFigures


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Time of one inference, in ms, from many runs."""

    p50: float
    p90: float
    p99: float
    mean: float
    min: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadLatency:
    """Latency with a number of threads, all numbers of one sweep interleaved.

    Attributes:
        threads: Interpreter threads.
        runs: Timed runs.
        latency_ms: Of `invoke()` alone; None where a program only sums up its runs.
        throughput_per_s: Inferences per second, one after the other.
        summary_ms: What such a program says of them; None elsewhere.
    """

    threads: int
    runs: int
    latency_ms: Latency | None
    throughput_per_s: float
    summary_ms: LatencySummary | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ThermalState:
    """Heat and clock at one moment; None where the machine does not say.

    Attributes:
        temperature_c: Of the CPU.
        clock_mhz: Of the fastest core at that moment.
        holding: What holds the clock back at that moment, in the firmware's words; None where it cannot be asked.
        battery_c: Of the battery, which phones report; None elsewhere.
    """

    temperature_c: float | None = None
    clock_mhz: float | None = None
    holding: tuple[str, ...] | None = None
    battery_c: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Thermal:
    """Heat and clock around a measurement.

    Attributes:
        before: Just before the first timed run.
        after: Just after the last.
        clock_most_mhz: The most the clock can have; None where the machine does not say.
        throttled: Whether the clock was held back while it was measured; None where that cannot be told.
        reasons: How that is known; where it cannot be told, what is missing for it.
    """

    before: ThermalState
    after: ThermalState
    clock_most_mhz: float | None = None
    throttled: bool | None = None
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SustainedPoint:
    """A stretch of a sustained run.

    Attributes:
        t_s: Its end, from the beginning of the run.
        runs: Inferences in it.
        p50_ms: Median of these.
        temperature_c: At its end; None where the machine does not say.
        clock_mhz: At its end; None where the machine does not say.
        holding: What held the clock back at its end, in the firmware's words; None where it cannot be asked.
    """

    t_s: float
    runs: int
    p50_ms: float
    temperature_c: float | None = None
    clock_mhz: float | None = None
    holding: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sustained:
    """One inference after the other without rest, for a while.

    Attributes:
        duration_s: How long.
        runs: Inferences in that time.
        throughput_per_s: Inferences per second, over all of it.
        first_p50_ms: Median of the first tenth of the time.
        last_p50_ms: Median of the last tenth of the time.
        thermal: Heat and clock before and after, and whether the clock was held back on the way.
        points: Stretches of equal length, in order.
    """

    duration_s: float
    runs: int
    throughput_per_s: float
    first_p50_ms: float
    last_p50_ms: float
    thermal: Thermal
    points: tuple[SustainedPoint, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpTime:
    """Time of one operator.

    Attributes:
        name: Its first output tensor.
        op: Operator name.
        ms: Time of one run.
    """

    name: str
    op: str
    ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OpProfile:
    """Times of the operators of a model.

    Attributes:
        how: How they were measured, in one sentence: alone, without their neighbours, or inside the model.
        apart: Whether every operator was run alone, so that the times need not add up to the model's.
        sum_ms: All of them.
        ops: In execution order; those timed inside the model are in the order in which the program printed them.
        missing: Operators that have no time: they cannot stand alone, or did not run.
    """

    how: str
    apart: bool
    sum_ms: float
    ops: tuple[OpTime, ...]
    missing: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """A variant's speed and memory on one target.

    Where the CPU is emulated there are no times: `latency_ms`, `throughput_per_s`, `load_ms`, `first_inference_ms`,
    `sustained`, `op_profile` and `thermal` are None, and `instructions` holds the cost if it could be counted. Where a
    program of a phone times a model and only sums up its runs, `latency_ms` is None, and `program` has what it says.

    Attributes:
        target: Name of the target: as in the fleet file, else its specification.
        device: Where it was measured.
        threads: Interpreter threads.
        warmup_runs: Runs before timing.
        runs: Timed runs, taken in rounds interleaved with the other variants; 0 where the CPU is emulated.
        rounds: Rounds.
        latency_ms: Of `invoke()` alone.
        load_ms: Opening the model and allocating tensors, in a fresh process.
        first_inference_ms: First `invoke()` in that process.
        peak_memory_bytes: Peak resident memory of that process; None where what timed it does not say.
        model_memory_bytes: The same less what the process held before it opened the model; None as that.
        throughput_per_s: Inferences per second, one after the other.
        delegate: What ran the operators it takes, such as `edgetpu`; empty for the runtime's default, XNNPACK.
        by_threads: Latency by the number of threads, when a sweep was asked for.
        sustained: A run without rest, when it was asked for.
        op_profile: Times of its operators, when they were asked for.
        thermal: Heat and clock around the rounds, which all variants of the target share.
        instructions: Executed instructions, counted where the CPU is emulated.
        note: Why something that was asked for is not there; empty when all is.
        program: How it was timed by a program of a phone's own; None where Litesmith's script did.
    """

    target: str
    device: Device
    threads: int
    warmup_runs: int
    runs: int
    rounds: int
    latency_ms: Latency | None
    load_ms: float | None
    first_inference_ms: float | None
    peak_memory_bytes: int | None
    model_memory_bytes: int | None
    throughput_per_s: float | None = None
    delegate: str = ""
    by_threads: tuple[ThreadLatency, ...] = ()
    sustained: Sustained | None = None
    op_profile: OpProfile | None = None
    thermal: Thermal | None = None
    instructions: InstructionCount | None = None
    note: str = ""
    program: ProgramFigures | None = None

    @property
    def summary_ms(self) -> LatencySummary | None:
        """Times of one inference where only a summary of the runs is known; None elsewhere."""
        return None if self.program is None else self.program.summary_ms

    @property
    def typical_ms(self) -> float | None:
        """The time it is compared by: p50, where single runs are not known the average; None without times."""
        if self.latency_ms is not None:
            return self.latency_ms.p50
        return None if self.summary_ms is None else self.summary_ms.mean

    @property
    def typical_word(self) -> str:
        """What `typical_ms` is: `p50` or `average`."""
        return "average" if self.latency_ms is None and self.summary_ms is not None else "p50"

    @property
    def throttled(self) -> bool | None:
        """Whether the clock was held back in the rounds or the sustained run; None where that cannot be told."""
        found = [part.throttled for part in self.thermals]
        return True if True in found else (False if found and None not in found else None)

    @property
    def emulated(self) -> bool:
        """Whether the CPU was emulated, so that there are no times."""
        return self.device.emulated

    @property
    def thermals(self) -> tuple[Thermal, ...]:
        """Heat and clock of every part of the measurement."""
        parts = (self.thermal, None if self.sustained is None else self.sustained.thermal)
        return tuple(part for part in parts if part is not None)


def primary(benchmarks: Sequence[Benchmark]) -> Benchmark | None:
    """Return the benchmark that a variant is judged by: of the first target whose CPU is real, else of the first.

    >>> primary(()) is None
    True
    """
    return next((made for made in benchmarks if not made.emulated), next(iter(benchmarks), None))


def untimed(device: Device, *, target: str, threads: int) -> Benchmark:
    """Return a benchmark that has no figure yet."""
    return Benchmark(
        target=target or device.target,
        device=device,
        threads=threads,
        warmup_runs=0,
        runs=0,
        rounds=0,
        latency_ms=None,
        load_ms=None,
        first_inference_ms=None,
        peak_memory_bytes=None,
        model_memory_bytes=None,
    )
