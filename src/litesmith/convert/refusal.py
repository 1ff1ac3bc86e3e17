"""What is refused before any rung, and what a process's end means where no rung is under way."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from litesmith.convert.check import AnswersChanged
from litesmith.convert.failure import ConversionFailed, crash_cause, first_cause
from litesmith.convert.opened import OpenedSource
from litesmith.convert.rungs.rebatched import REBATCHED
from litesmith.core.errors import ConversionError, LitesmithError
from litesmith.core.worker_errors import RemoteError, WorkerCrash, WorkerTimeout
from litesmith.diagnosis.catalogue import diagnose
from litesmith.diagnosis.cause import Evidence, Stage


def mapped(error: LitesmithError, what: str, *, stage: Stage) -> LitesmithError:
    """Return the error a user sees for one of the process; ours pass as they are."""
    if isinstance(error, WorkerCrash):
        cause = crash_cause(error.message, error.output)
        diagnosis = diagnose(Evidence(text=f"{cause}\n{error.output}", stage=stage, crashed=True))
        return ConversionFailed(f"{what} failed: {cause}", diagnosis=diagnosis, detail=error.output)
    if isinstance(error, RemoteError):
        diagnosis = diagnose(Evidence(text=error.message, stage=stage))
        return ConversionFailed(f"{what} failed: {first_cause(error.message)}", diagnosis=diagnosis, detail=error.trace)
    if isinstance(error, WorkerTimeout):
        return ConversionFailed(f"{what} failed: {error.message}", hint=error.hint)
    return error


def answers_changed(error: AnswersChanged, opened: OpenedSource, path: Path) -> AnswersChanged:
    """Return the error of the check with what it means for the source."""
    found = diagnose(Evidence(text=error.message, stage=Stage.CHECKING, layers=opened.layers, path=str(path)))
    return AnswersChanged(error.message, hint=error.hint, diagnosis=found)


def require_convertible(path: Path, opened: OpenedSource) -> None:
    """Refuse what no rung can give.

    Raises:
        ConversionError: text in or out, or a state kept between calls.
    """
    message, hint = _refused(path, opened)
    if message:
        raise _with_cause(message, hint, path, opened)


def other_batch(path: Path, opened: OpenedSource, batch: int, names: Sequence[str]) -> ConversionError | None:
    """Return how the plain way fails at a fixed batch other than the one asked for; None where there is none.

    Args:
        path: The source.
        opened: What it is.
        batch: Batch size asked for, -1 for dynamic.
        names: The rungs that make sense for it.

    Raises:
        ConversionError: none of them gives another batch.
    """
    for spec in opened.inputs:
        if not spec.shape or spec.shape[0] in (-1, batch):
            continue
        message = f"{path.name}: the batch of input '{spec.name}' is fixed at {spec.shape[0]}; asked was {batch}"
        if REBATCHED.name in names:
            return _with_cause(message, "", path, opened)
        shape = ", ".join(str(size) for size in spec.shape)
        raise _with_cause(
            f"{message}. Its shape is [{shape}], and Litesmith takes the first size for the batch",
            f"Where {spec.shape[0]} is no batch, save the model with a batch before it, so that '{spec.name}' is "
            f"[1, {shape}]; where it is one, save the model with a batch of None.",
            path,
            opened,
        )
    return None


def _with_cause(message: str, hint: str, path: Path, opened: OpenedSource) -> ConversionError:
    evidence = Evidence(text=message, stage=Stage.CONVERTING, layers=opened.layers, path=str(path))
    return ConversionError(message, hint=hint, diagnosis=diagnose(evidence))


def _refused(path: Path, opened: OpenedSource) -> tuple[str, str]:
    """Return what cannot be had and what to do; empty when nothing stands in the way."""
    for what, specs in (("input", opened.inputs), ("output", opened.outputs)):
        for spec in specs:
            if spec.dtype == "string":
                return (
                    f"{path.name}: {what} '{spec.name}' is of type string, which a .tflite cannot take from an app",
                    "Convert the part of the model that works on numbers, and do the text step in the app.",
                )
    if opened.stateful:
        return (
            f"{path.name}: layer '{opened.stateful[0]}' is stateful: its answers depend on the calls before, "
            "so they cannot be compared or measured sample by sample",
            "Rebuild it with stateful=False; to go on from a state, make it an input and an output of the model "
            "(return_state=True, initial_state=...).",
        )
    return "", ""
