"""Whether the labels of a calibration set cover the classes."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from litesmith.core.results import Finding, Severity


def check_coverage(labels: Sequence[int], classes: int | None) -> list[Finding]:
    """Return a finding when few classes occur, or when labels look like the first part of a sorted list.

    Drawing n samples at random covers C * (1 - exp(-n / C)) of C classes; less than half of that is few.

    Args:
        labels: Class index of each sample.
        classes: Number of classes; None takes the largest label plus one.
    """
    values = np.asarray(labels, np.int64)
    known = max(classes or 0, int(values.max()) + 1) if len(values) else 0
    if known == 0:
        return []
    seen, counts = np.unique(values, return_counts=True)
    expected = known * (1 - math.exp(-len(values) / known))
    hint = "Take samples of every class: shuffle the dataset before cutting it, or give all of it with a limit."
    if len(values) > 1 and (len(seen) == 1 or len(seen) < expected / 2):
        which = f"class {seen[0]} only" if len(seen) == 1 else f"{len(seen)} of {known} classes"
        order = "; they are sorted by class and seem cut off" if _sorted(values) and len(seen) > 1 else ""
        return [
            Finding(
                code="few-classes",
                severity=Severity.WARNING,
                message=f"{len(values)} calibration samples cover {which}{order}",
                hint=hint,
            )
        ]
    typical = float(np.median(counts[:-1])) if len(counts) > 1 else 0.0
    if classes is not None and len(seen) == classes:
        return []
    if _sorted(values) and typical >= 4 and counts[-1] < typical / 2 and np.ptp(counts[:-1]) <= typical / 2:
        return [
            Finding(
                code="cut-off-order",
                severity=Severity.INFO,
                message=f"samples are sorted by class and the last, class {seen[-1]}, has {counts[-1]} "
                f"where others have {typical:g}: later classes may have been cut off",
                hint=hint,
            )
        ]
    return []


def _sorted(values: np.ndarray[tuple[int], np.dtype[np.int64]]) -> bool:
    return bool(np.all(np.diff(values) >= 0))
