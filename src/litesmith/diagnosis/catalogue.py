"""Finds the cause of a failure in the catalogue."""

from __future__ import annotations

from functools import cache

from litesmith.core.conversion import Diagnosis
from litesmith.core.registry import load_plugins
from litesmith.diagnosis.cause import PACKAGE, UNKNOWN, Cause, Evidence
from litesmith.diagnosis.causes._kernels import BROKEN_OP, NOT_IN_FLEX
from litesmith.diagnosis.locations import failing_ops

_REPORT = "Report it with the whole text below: it is a gap in Litesmith's catalogue."
_SELECT_TF_OPS = "select_tf_ops"


@cache
def causes() -> tuple[Cause, ...]:
    """Return every cause, in the order in which they are asked."""
    return tuple(sorted(load_plugins(PACKAGE, kind="cause").values(), key=lambda cause: (cause.rank, cause.name)))


def recognise(evidence: Evidence) -> Diagnosis | None:
    """Return what a failure means; None with an unknown one."""
    for cause in causes():
        match = cause.pattern.search(evidence.text) if cause.stage is evidence.stage else None
        if match is None or (cause.fits is not None and not cause.fits(match, evidence)):
            continue
        groups = {name: value or "" for name, value in match.groupdict().items()}
        groups["ops"] = ", ".join(failing_ops(evidence.text))
        return Diagnosis(
            cause=cause.name,
            title=cause.title,
            where=cause.where(match, evidence) if cause.where is not None else (),
            why=cause.why.format_map(groups),
            remedy=cause.remedy.format_map(groups),
            code=cause.code.format_map(groups),
            cured_by=_cure(cause, evidence),
            source=cause.source,
            evidence=match[0],
        )
    return None


def diagnose(evidence: Evidence) -> Diagnosis:
    """Return what a failure means; with an unknown one, the text itself and how to report it."""
    return recognise(evidence) or Diagnosis(
        cause=UNKNOWN,
        title="a failure that the catalogue does not know",
        where=(),
        why="",
        remedy=_REPORT,
        code="",
        cured_by="",
        source="",
        evidence=evidence.text,
    )


def _cure(cause: Cause, evidence: Evidence) -> str:
    """Return the rung that cures it. Select TF ops have only some of TensorFlow's ops; the converter says which not."""
    hopeless = any(sign in evidence.text for sign in (NOT_IN_FLEX, BROKEN_OP))
    return "" if cause.cured_by == _SELECT_TF_OPS and hopeless else cause.cured_by
