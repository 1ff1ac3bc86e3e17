"""Finds the cause of a failure in the catalogue."""

from __future__ import annotations

from litesmith.core.conversion import Diagnosis
from litesmith.core.registry import load_plugins
from litesmith.diagnosis.cause import PACKAGE, UNKNOWN, Cause, Evidence

_ISSUES = "Report it with the whole text below: it is a gap in Litesmith's catalogue."


def causes() -> tuple[Cause, ...]:
    """Return every cause, in the order in which they are asked."""
    return tuple(sorted(load_plugins(PACKAGE, kind="cause").values(), key=lambda cause: (cause.rank, cause.name)))


def diagnose(evidence: Evidence) -> Diagnosis:
    """Return what a failure means; with an unknown one, the text itself and how to report it."""
    for cause in causes():
        match = cause.pattern.search(evidence.text) if cause.stage is evidence.stage else None
        if match is None or (cause.fits is not None and not cause.fits(match, evidence)):
            continue
        groups = {name: value or "" for name, value in match.groupdict().items()}
        return Diagnosis(
            cause=cause.name,
            title=cause.title,
            where=cause.where(match, evidence) if cause.where is not None else (),
            why=cause.why.format_map(groups),
            remedy=cause.remedy.format_map(groups),
            code=cause.code.format_map(groups),
            cured_by=cause.cured_by,
            source=cause.source,
            evidence=match[0],
        )
    return Diagnosis(
        cause=UNKNOWN,
        title="a failure that the catalogue does not know",
        where=(),
        why="",
        remedy=_ISSUES,
        code="",
        cured_by="",
        source="",
        evidence=evidence.text,
    )
