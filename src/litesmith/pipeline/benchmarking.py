"""Benchmarks on one board or several: different machines at once, what shares a machine one after the other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from litesmith.benchmark.measure import Timed, measure, with_counts
from litesmith.core.benchmark import OpProfile
from litesmith.core.connecting import connect
from litesmith.core.errors import ConfigError, LitesmithError, TargetError
from litesmith.core.results import Finding, Severity, Status, Variant
from litesmith.core.target import RunsPrograms, Session
from litesmith.pipeline.boards import Interrupted, at_the_same_time, by_machine, close_all, opened_on
from litesmith.pipeline.fleet import Board, boards_of
from litesmith.pipeline.phones import GPU, benchmarks_on_phone
from litesmith.pipeline.profiling import OperatorFiles, operator_files, profiles
from litesmith.pipeline.run import Run

FAILED = "target-failed"
"""Code of the finding on a target that could not be measured."""
UNTIMED = "not-timed"
"""Code of the finding on a variant that a target could not time, whether or not it runs there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What several boards gave.

    Attributes:
        by_board: What came of each board that could be measured, by its name.
        findings: One for each that could not.
    """

    by_board: dict[str, Timed]
    findings: tuple[Finding, ...] = ()


def benchmarks_on(run: Run, board: Board, files: Mapping[str, Path], digests: Mapping[str, str]) -> Timed:
    """Return latencies on one board, in this run or an earlier one, without what else was asked for.

    Raises:
        TargetError: it cannot be reached or fails.
    """
    session = connect(board.target, progress=run.show)
    try:
        run.pool.close()  # idle workers would still hold memory and wake up now and then
        return _on_board(run, board, session, files, digests, operators=None, going=lambda: None, plain=True)
    finally:
        session.close()


def benchmarks_of(run: Run, files: Mapping[str, Path], digests: Mapping[str, str]) -> Measured:
    """Return what came of every board.

    Args:
        run: The run.
        files: Models by name.
        digests: Their sha256.

    Raises:
        TargetError: none of the boards could be measured.
    """
    boards = boards_of(run.settings)
    operators = operator_files(run, files, digests) if run.settings.ops else None
    run.pool.close()
    opened = opened_on(boards, progress=run.show)
    stop = threading.Event()

    def going() -> None:
        if stop.is_set():
            raise Interrupted

    found: dict[str, Timed | LitesmithError] = {}

    def on_machine(same: Sequence[Board]) -> None:
        for board in same:
            going()
            session = opened[board.name]
            try:
                if isinstance(session, LitesmithError):
                    found[board.name] = session
                else:
                    found[board.name] = _on_board(run, board, session, files, digests, operators=operators, going=going)
            except LitesmithError as error:
                found[board.name] = error

    try:
        machines = by_machine(boards, opened)
        if len(machines) == 1:
            on_machine(machines[0])
        else:
            at_the_same_time([partial(on_machine, same) for same in machines], stop)
    finally:
        close_all(opened)
    errors = {name: error for name, error in found.items() if isinstance(error, LitesmithError)}
    if len(errors) == len(boards):
        raise next(iter(errors.values()))
    ordered = {board.name: found[board.name] for board in boards}
    by_board = {name: timed for name, timed in ordered.items() if isinstance(timed, Timed)}
    lost = [
        Finding(
            code=FAILED,
            severity=Severity.ERROR,
            message=f"{board.name} was not measured: {errors[board.name].message}",
            hint=errors[board.name].hint,
        )
        for board in boards
        if board.name in errors
    ]
    untimed = [
        Finding(code=UNTIMED, severity=Severity.WARNING, message=f"{scheme} was not timed: {reason}")
        for timed in by_board.values()
        for scheme, reason in timed.unmeasured.items()
    ]
    return Measured(by_board=by_board, findings=(*lost, *untimed))


def with_benchmarks(variants: Sequence[Variant], measured: Measured) -> list[Variant]:
    """Return the variants with their benchmarks; one that failed on a board has failed."""
    done = list(variants)
    for board, timed in measured.by_board.items():
        for index, variant in enumerate(done):
            if variant.scheme in timed.failures and variant.status is Status.OK:
                reason = f"on {board}: {timed.failures[variant.scheme]}"
                done[index] = replace(variant, status=Status.FAILED, reason=reason, evaluation=None, benchmarks=())
            elif variant.scheme in timed.benchmarks and variant.status is Status.OK:
                done[index] = replace(variant, benchmarks=(*variant.benchmarks, timed.benchmarks[variant.scheme]))
    return done


def require_measured(findings: Sequence[Finding]) -> None:
    """Check that every target was measured.

    Raises:
        TargetError: one was not; the others' numbers are there.
    """
    lost = [finding for finding in findings if finding.code == FAILED]
    if lost:
        others = f" (and {len(lost) - 1} more)" if len(lost) > 1 else ""
        raise TargetError(f"{lost[0].message}{others}", hint=lost[0].hint or "Try again, or leave it out.")


def _on_board(
    run: Run,
    board: Board,
    session: Session,
    files: Mapping[str, Path],
    digests: Mapping[str, str],
    *,
    operators: OperatorFiles | None,
    going: Callable[[], None],
    plain: bool = False,
) -> Timed:
    if isinstance(session, RunsPrograms):
        return benchmarks_on_phone(run, board, session, files, digests, going=going, plain=plain)
    settings, device = run.settings, session.device()
    if settings.delegate == GPU:
        raise ConfigError(
            f"the delegate '{GPU}' is for phones, and {board.name} is none",
            hint="Leave it out, or measure phones only.",
        )
    sweep, sustain_s = ((), 0.0) if plain else (settings.thread_sweep, settings.sustain)
    delegate = "" if settings.delegate == "none" else settings.delegate

    def make(folder: Path) -> Timed:
        del folder
        with run.telling(f"benchmark on {board.name}", going=going) as tell:
            return measure(
                session,
                files,
                threads=board.threads,
                warmup_runs=settings.warmup,
                runs=settings.runs,
                sweep=sweep,
                sustain_s=sustain_s,
                delegate=delegate,
                name=board.name,
                on_progress=tell,
            )

    key = {
        "device": device,
        "name": board.name,
        "models": dict(digests),
        "threads": board.threads,
        "warmup": settings.warmup,
        "runs": settings.runs,
        "sweep": sweep,
        "sustain": sustain_s,
        "delegate": delegate,
    }
    place = board.name.replace("/", "_")
    kept = run.step(f"benchmark {place}", key, Timed, make, version=2)
    timed = kept.value
    if kept.cached and device.emulated:
        timed = with_counts(
            session, files, timed, sweep=sweep, sustain_s=sustain_s
        )  # what could not be counted then may be now
    if operators is None:
        return timed
    if device.emulated:
        note = "operators were not timed, as the CPU is emulated"
        return _with(timed, {}, note=note)
    found = profiles(run, board, session, operators, delegate=delegate, going=going)
    return _with(timed, found, note="")


def _with(timed: Timed, found: Mapping[str, OpProfile], *, note: str) -> Timed:
    """Return what was measured with the times of operators, or with a note why there are none."""
    return replace(
        timed,
        benchmarks={
            name: replace(made, op_profile=found.get(name), note="; ".join(part for part in (made.note, note) if part))
            for name, made in timed.benchmarks.items()
        },
    )
