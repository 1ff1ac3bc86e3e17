"""Climbing the ladder: what failed is diagnosed, and the rungs that may help are tried, each in its own process."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from litesmith.convert.check import AnswersChanged
from litesmith.convert.failure import ConversionFailed, crash_cause, first_cause
from litesmith.convert.flex import AVOID
from litesmith.convert.fresh import FreshProcesses
from litesmith.convert.opened import OpenedSource
from litesmith.convert.rungs.order import helpful
from litesmith.convert.rungs.rung import Rung
from litesmith.convert.rungs.select_tf_ops import ALLOW, SELECT_TF_OPS
from litesmith.convert.rungs.static_size import STATIC_SIZE
from litesmith.convert.tensorflow_process import Made
from litesmith.core.conversion import Attempt, AttemptOutcome, Diagnosis
from litesmith.core.errors import ConversionError, LitesmithError
from litesmith.core.units import format_size
from litesmith.core.worker_errors import RemoteError, WorkerCrash, WorkerTimeout
from litesmith.diagnosis.catalogue import diagnose
from litesmith.diagnosis.cause import UNKNOWN, Evidence, Stage

_TRY = "litesmith.convert.tensorflow_process:try_rung"
FAILURES = (WorkerCrash, WorkerTimeout, RemoteError, ConversionError)
"""What a rung may end with and the ladder goes on. `WorkerClosed` is not among them: the run is being left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is to be converted.

    Attributes:
        path: The source.
        opener: Import path of the function that opens it.
        opened: What it is.
        out: The file to make.
        batch: Batch size, -1 for dynamic.
        rung_timeout_s: Limit of each rung after the first.
        allow_select_tf_ops: Whether the file may need TensorFlow's own operators.
        scratch: A folder for the rungs to work in.
    """

    path: Path
    opener: str
    opened: OpenedSource
    out: Path
    batch: int
    rung_timeout_s: float
    allow_select_tf_ops: bool
    scratch: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """How one rung failed.

    Attributes:
        attempt: As recorded.
        diagnosis: What it means.
        detail: Traceback or last output.
    """

    attempt: Attempt
    diagnosis: Diagnosis
    detail: str


def failed(rung: Rung, error: LitesmithError, duration_s: float, *, opened: OpenedSource, path: Path) -> Failed:
    """Return the record of a rung that ended with one of FAILURES."""
    outcome, text, message, detail = AttemptOutcome.FAILED, error.message, error.message, ""
    if isinstance(error, WorkerCrash):
        outcome, message = AttemptOutcome.CRASHED, crash_cause(error.message, error.output)
        text, detail = f"{message}\n{error.output}", error.output
    elif isinstance(error, WorkerTimeout):
        outcome = AttemptOutcome.TIMED_OUT
    elif isinstance(error, RemoteError):
        message, detail = first_cause(error.message), _frames(error)
    elif isinstance(error, AnswersChanged):
        outcome = AttemptOutcome.CHANGED_ANSWERS
    stage = Stage.CHECKING if outcome is AttemptOutcome.CHANGED_ANSWERS else Stage.CONVERTING
    crashed = outcome is AttemptOutcome.CRASHED
    diagnosis = error.diagnosis or diagnose(
        Evidence(text=text, stage=stage, layers=opened.layers, crashed=crashed, path=str(path))
    )
    attempt = Attempt(
        rung=rung.name,
        title=rung.title,
        why=rung.why,
        outcome=outcome,
        cause=diagnosis.cause,
        message=message,
        duration_s=duration_s,
    )
    return Failed(attempt=attempt, diagnosis=diagnosis, detail=detail)


def _frames(error: RemoteError) -> str:
    """Return the traceback without the message at its end, which the diagnosis has."""
    said = error.message.partition(": ")[2]
    return error.trace.partition(said)[0].strip() if said else error.trace


def worked(rung: Rung, duration_s: float) -> Attempt:
    """Return the record of a rung that made the file."""
    return Attempt(
        rung=rung.name,
        title=rung.title,
        why=rung.why,
        outcome=AttemptOutcome.CONVERTED,
        cause="",
        message="",
        duration_s=duration_s,
    )


def climb(
    task: Task, names: Sequence[str], first: Failed, processes: FreshProcesses, tell: Callable[[str], None] | None
) -> tuple[Made, tuple[Attempt, ...]]:
    """Return what a rung after the first one made, and every attempt.

    A rung whose result is not what was asked for is tried, so that the message can say that it works, and its result
    thrown away. Once one of those works, others like it are not tried.

    Args:
        task: What to convert.
        names: Rungs that make sense for the model, in order.
        first: How the plain way failed.
        processes: Where to run them.
        tell: Called with the title of each rung before it begins.

    Raises:
        ConversionFailed: none works.
    """
    attempts = [first.attempt]
    offers: list[tuple[Rung, str]] = []
    ladder = helpful(list(names), first.diagnosis, asked=SELECT_TF_OPS.name if task.allow_select_tf_ops else "")
    try:
        for position, rung in enumerate(ladder):
            allowed = not rung.offer or (rung is SELECT_TF_OPS and task.allow_select_tf_ops)
            if offers and not allowed:
                continue
            if tell is not None:
                tell(rung.title)
            begun = time.perf_counter()
            try:
                made = _try(task, rung, processes, taken=allowed, more=position + 1 < len(ladder))
            except FAILURES as error:
                took = time.perf_counter() - begun
                attempts.append(failed(rung, error, took, opened=task.opened, path=task.path).attempt)
                continue
            took = time.perf_counter() - begun
            made = _with_layers(made, first.diagnosis)
            if allowed:
                return made, (*attempts, worked(rung, took))
            offers.append((rung, _offer(task, rung, made)))
            attempts.append(replace(worked(rung, took), outcome=AttemptOutcome.NOT_ALLOWED, message=offers[-1][1]))
    finally:
        processes.rest()
    raise _given_up(task, first, tuple(attempts), offers)


def _try(task: Task, rung: Rung, processes: FreshProcesses, *, taken: bool, more: bool) -> Made:
    with processes.one(more=more) as worker:
        made: Made = worker.call(
            _TRY,
            timeout_s=task.rung_timeout_s,
            opener=task.opener,
            path=task.path.absolute(),
            rung=rung.name,
            out=task.out if taken else None,
            folder=task.scratch / rung.name,
            batch=task.batch,
        )
    return made


def _with_layers(made: Made, first: Diagnosis) -> Made:
    """Name the layers that the plain way's error names, where the file's own tensors name none."""
    if made.select_ops is None or made.select_ops.layers or not first.where:
        return made
    return replace(made, select_ops=replace(made.select_ops, layers=first.where))


def _offer(task: Task, rung: Rung, made: Made) -> str:
    needs = made.select_ops
    if needs is None:
        if rung is not STATIC_SIZE:
            return rung.offer
        shapes = ", ".join(f"'{spec.name}' {list(spec.shape)}" for spec in made.inputs)
        return f"{rung.offer}, such as {shapes}{_export(task, made)}"
    where = f", from {', '.join(needs.layers)}" if needs.layers else ""
    return (
        f"{rung.offer}; {', '.join(needs.ops)}{where} then come from {needs.dependency}, "
        f"which adds {format_size(needs.app_bytes)} to the app (arm64, uncompressed)"
    )


def _export(task: Task, made: Made) -> str:
    """Return how a Keras 3 model is saved with fixed sizes; nothing for what has no such method."""
    if not task.opened.framework.startswith("Keras 3"):
        return ""
    specs = ", ".join(f"keras.InputSpec(shape={spec.shape}, dtype={spec.dtype!r})" for spec in made.inputs)
    return f": model.export('fixed', input_signature=[{specs}]), and then litesmith convert fixed"


def _given_up(
    task: Task, first: Failed, attempts: tuple[Attempt, ...], offers: list[tuple[Rung, str]]
) -> ConversionFailed:
    found = first.diagnosis
    if found.cause == UNKNOWN:
        what = first.attempt.message
    else:
        what = found.title + (f", in {', '.join(found.where)}" if found.where else "")
    hint = _hint(task, *offers[0], found) if offers else found.remedy
    return ConversionFailed(
        f"{task.path.name} could not be converted: {what}",
        hint=hint,
        diagnosis=found,
        attempts=attempts,
        detail=first.detail,
    )


def _hint(task: Task, rung: Rung, told: str, found: Diagnosis) -> str:
    """Return what to do, where something was tried and not taken."""
    if rung is not SELECT_TF_OPS:
        return f"{told[:1].upper()}{told[1:]}."
    needs = told.partition("; ")[2]
    typed = f"litesmith convert {task.path} {ALLOW}. {needs}; deploy and quantize do not take such a file"
    if found.cause == UNKNOWN:
        return f"Type: {typed}. To do without: {AVOID}"
    return f"{found.remedy} To keep it as it is: {typed}."
