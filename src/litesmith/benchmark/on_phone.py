"""Times models on a phone with `benchmark_model`: a fresh process each, in rounds that are interleaved."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from litesmith.benchmark.measure import Timed
from litesmith.benchmark.phone_heat import clock_most, cores_of, thermal_of_phone
from litesmith.benchmark.tool_file import require_program
from litesmith.benchmark.tool_output import ToolOutput
from litesmith.benchmark.tool_runs import Amount, Tool, accelerator_of, open_tool, run_tool, summary_of
from litesmith.core.benchmark import Benchmark, OpProfile, OpTime, ThreadLatency, untimed
from litesmith.core.device import Device
from litesmith.core.errors import EvaluationError, PluginError, UserError
from litesmith.core.files import sha256_file
from litesmith.core.phone import ALL, PhoneHeat
from litesmith.core.program_figures import Footprint, ProgramFigures
from litesmith.core.target import RunsPrograms, Session

PROGRAM = "benchmark_model"
INSIDE = (
    "operators were timed by benchmark_model inside the model, in {runs} runs of their own; profiling slows them down"
)
TOGETHER = "; operators of the same name in several parts of the model are added up in one line"
NESTED = "; the time of an operator that runs others, such as WHILE, holds theirs"
_ROUNDS, _LEAST_RUNS, _SEED = 5, 30, 0
_SECONDS_PER_MODEL, _WARMUP_S, _OPS_RUNS = 1.5, 0.3, 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked for on a phone.

    Attributes:
        threads: Interpreter threads.
        warmup_runs: Runs before timing in every round, at least.
        runs: Timed runs, of all rounds.
        sweep: Numbers of threads to time as well.
        sustain_s: Seconds without rest, which this program cannot tell about.
        cores: `all`, `big` or `little`.
        gpu: Whether the GPU is to run what it can.
        ops: Whether operators are timed too.
        name: What to call the target.
    """

    threads: int
    warmup_runs: int
    runs: int
    sweep: tuple[int, ...] = ()
    sustain_s: float = 0.0
    cores: str = ALL
    gpu: bool = False
    ops: bool = False
    name: str = ""


@dataclass(slots=True, kw_only=True)
class _Model:
    """A model that is being timed: where it is there, its first run, its rounds by the number of threads."""

    sent: str
    probe: ToolOutput
    accelerator: str
    rounds: dict[int, list[ToolOutput]] = field(default_factory=dict)
    ops: OpProfile | None = None


def measure_with_tool(
    session: Session,
    models: Mapping[str, Path],
    tool: Path,
    request: Request,
    *,
    on_progress: Callable[[int, int], None] | None = None,
) -> Timed:
    """Return what `benchmark_model` says of each model, by the key it was given under.

    Every model is first run once in a process of its own: for its memory, its first inference, and to see that it
    runs. Then each is timed in rounds, in a new random order each round, every time in a fresh process. A slow model
    gets fewer runs: as many as fit in 1.5 s, but at least 30. On an emulated phone nothing is timed.

    Args:
        session: A phone.
        models: Files here.
        tool: The program, a file here.
        request: What is asked for.
        on_progress: Told (done, total).

    Raises:
        ConfigError: the program is none for this phone, or its cores are all of one kind.
        TargetError: the phone or the program failed, or what it prints cannot be read.
        UserError: a count is below 1.
    """
    if not isinstance(session, RunsPrograms):
        raise PluginError("programs are run on phones only")
    for what, value in (("threads", request.threads), ("runs", request.runs), ("warm-up runs", request.warmup_runs)):
        if value < 1:
            raise UserError(f"{what} is {value}; it must be at least 1", hint="Leave the option out for its default.")
    facts, device = session.phone(), session.device()
    where = request.name or device.target
    require_program(tool, facts.abis, where=where)
    cores, called = cores_of(facts, request.cores, where=where)
    opened = open_tool(session, session.send_program(tool), cores=cores, gpu=request.gpu)
    rounds = 0 if device.emulated else min(_ROUNDS, request.runs)
    ops = request.ops and rounds > 0
    made = _Measuring(tool=opened, request=request, total=len(models) + rounds + ops, on_progress=on_progress)
    made.probe(session, models)
    states: list[PhoneHeat] = [session.heat()]
    shuffle, counts = random.Random(_SEED), made.counts  # noqa: S311 - an order, not a secret
    for number in range(rounds):
        order = [(key, threads) for key in made.usable() for threads in counts]
        shuffle.shuffle(order)
        for key, threads in order:
            made.time(key, threads, number, rounds)
        states.append(session.heat())
        made.tell()
    if ops:
        made.profile()
    digest, heat = sha256_file(tool), thermal_of_phone(states, clock_most_mhz=clock_most(facts, cores))
    benchmarks = {}
    for key in made.usable():
        one = made.found[key]
        plain = _plain(one, device, request, program_sha256=digest, cores=called)
        benchmarks[key] = replace(_timed(plain, one, counts), thermal=heat) if rounds else plain
    return Timed(benchmarks=benchmarks, failures=made.failures)


@dataclass(slots=True, kw_only=True)
class _Measuring:
    """A measurement under way: what was found of each model, and why one failed."""

    tool: Tool
    request: Request
    total: int
    on_progress: Callable[[int, int], None] | None
    found: dict[str, _Model] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    _done: int = 0

    @property
    def counts(self) -> tuple[int, ...]:
        """Numbers of threads to time with."""
        return tuple(dict.fromkeys((self.request.threads, *self.request.sweep)))

    def usable(self) -> list[str]:
        """Return the models that have not failed."""
        return [key for key in self.found if key not in self.failures]

    def tell(self) -> None:
        """Report that one more part is done."""
        self._done += 1
        if self.on_progress is not None:
            self.on_progress(self._done, self.total)

    def probe(self, session: Session, models: Mapping[str, Path]) -> None:
        """Run each model once in a process of its own: for its memory, and to see that it runs."""
        for key, path in models.items():
            sent = session.send(path)
            try:
                found = run_tool(
                    self.tool, sent, Amount(threads=self.request.threads, runs=1, warmup=1, warmup_s=0.0), memory=True
                )
                accelerator = accelerator_of(found, gpu=self.tool.gpu)
                self.found[key] = _Model(sent=sent, probe=found, accelerator=accelerator)
            except EvaluationError as error:
                self.failures[key] = error.message
            self.tell()

    def time(self, key: str, threads: int, number: int, rounds: int) -> None:
        """Time a model in a round, with its share of the runs."""
        if key in self.failures:
            return
        one, request = self.found[key], self.request
        assert one.probe.runs is not None
        fits = int(_SECONDS_PER_MODEL * 1000 / max(one.probe.runs.mean, 1e-6))
        runs = max(rounds, min(request.runs, max(min(_LEAST_RUNS, request.runs), fits)))
        share = runs * (number + 1) // rounds - runs * number // rounds
        amount = Amount(threads=threads, runs=share, warmup=request.warmup_runs, warmup_s=_WARMUP_S)
        try:
            made = run_tool(self.tool, one.sent, amount)
            accelerator_of(made, gpu=request.gpu)
            one.rounds.setdefault(threads, []).append(made)
        except EvaluationError as error:
            self.failures[key] = error.message

    def profile(self) -> None:
        """Time the operators of each model, in runs of their own."""
        runs = min(_OPS_RUNS, self.request.runs)
        amount = Amount(threads=self.request.threads, runs=runs, warmup=1, warmup_s=_WARMUP_S)
        for key in self.usable():
            try:
                made = run_tool(self.tool, self.found[key].sent, amount, ops=True)
            except EvaluationError as error:
                self.failures[key] = error.message
                continue
            self.found[key].ops = profile_of(made, runs)
        self.tell()


def profile_of(made: ToolOutput, runs: int) -> OpProfile:
    """Return the times of operators, with the number of those that the program gives as one."""
    ops = tuple(
        OpTime(
            name=op.name if op.times_called <= 1 else f"{op.name}, {op.times_called} times",
            op=op.type,
            ms=op.ms * max(op.times_called, 1),
        )
        for op in made.ops
    )
    together = TOGETHER if any(op.times_called > 1 for op in made.ops) else ""
    how = INSIDE.format(runs=runs) + together + (NESTED if made.tables.nested_ops else "")
    return OpProfile(how=how, apart=False, sum_ms=sum(op.ms for op in ops), ops=ops)


def _plain(one: _Model, device: Device, request: Request, *, program_sha256: str, cores: str) -> Benchmark:
    """Return what is known of a model wherever it ran: its memory, and what was delegated."""
    probe = one.probe
    footprint = None
    if probe.memory_init is not None and probe.memory_overall is not None:
        footprint = Footprint(init=probe.memory_init, overall=probe.memory_overall, peak=probe.memory_peak)
    lacking = [word for word, given in (("sustained run", request.sustain_s), ("times", device.emulated)) if given]
    if request.ops and device.emulated:
        lacking.append("times of operators")
    why = "as the phone is emulated" if device.emulated else f"as {PROGRAM} only sums up its runs"
    runtime = replace(device, runtime=f"{PROGRAM} {program_sha256[:8]}")
    return replace(
        untimed(runtime, target=request.name, threads=request.threads),
        peak_memory_bytes=None if footprint is None else footprint.peak,
        model_memory_bytes=None if footprint is None else footprint.overall,
        delegate="gpu" if request.gpu else "",
        note=f"no {' and no '.join(lacking)}, {why}" if lacking else "",
        program=ProgramFigures(
            program=PROGRAM,
            program_sha256=program_sha256,
            cores=cores,
            accelerator=one.accelerator,
            delegated=tuple(probe.delegated),
            footprint=footprint,
            warnings=tuple(dict.fromkeys((*probe.warnings, *probe.errors))),
            said=tuple(dict.fromkeys(probe.said)),
        ),
    )


def _timed(plain: Benchmark, one: _Model, counts: Sequence[int]) -> Benchmark:
    """Return a benchmark with what the rounds gave."""
    assert plain.program is not None
    rounds = one.rounds[plain.threads]
    summary = summary_of(rounds)
    warm = [made.warmup for made in rounds if made.warmup is not None]
    runs = sum(spread.count for spread in warm)
    by_threads = []
    for threads in sorted(counts) if len(counts) > 1 else ():
        swept = summary_of(one.rounds[threads])
        by_threads.append(
            ThreadLatency(
                threads=threads,
                runs=swept.runs,
                latency_ms=None,
                throughput_per_s=1000 / max(swept.mean, 1e-6),
                summary_ms=swept,
            )
        )
    return replace(
        plain,
        warmup_runs=min(spread.count for spread in warm),
        runs=summary.runs,
        rounds=summary.rounds,
        load_ms=one.probe.init_ms,
        first_inference_ms=one.probe.first_ms,
        throughput_per_s=1000 / max(summary.mean, 1e-6),
        by_threads=tuple(by_threads),
        op_profile=one.ops,
        program=replace(
            plain.program,
            summary_ms=summary,
            warmup_ms=sum(spread.count * spread.mean for spread in warm) / runs,
        ),
    )
