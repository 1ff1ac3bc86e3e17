"""Which corrections are tried, and which calibration samples they are computed from and judged on.

Three of four calibration samples are for computing corrections; every fourth, up to a hundred, is held back and judges
them. The evaluation samples play no part.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from litesmith.core.names import unknown
from litesmith.quantize.correction import correction_names

AUTO, NONE = "auto", "none"
FIRST = "bias_correction"
"""Tried before all others, and applied where calibrators are compared: it takes away the error that would hide what
they gain."""
LEAST_SAMPLES = 16
"""Calibration samples below which nothing is corrected: too few to compute and to judge."""
SCREENED, FINAL = 48, 192
"""Samples that a layer correction is computed from while others are tried, and in the end."""
_HELD_EVERY, _MOST_HELD = 4, 100


def wanted_corrections(names: Sequence[str]) -> tuple[str, ...]:
    """Return the corrections to try, in the order they act.

    Raises:
        UnknownNameError: no such correction; the hint names the nearest.
    """
    known = correction_names()
    for name in names:
        if name not in (*known, AUTO, NONE):
            raise unknown("correction", name, (*known, AUTO, NONE))
    if AUTO in names:
        return known
    return tuple(name for name in known if name in names)


def held_back(count: int, *, seed: int) -> tuple[list[int], list[int]]:
    """Return the calibration samples that judge, in order, and those to compute corrections from, shuffled."""
    order = np.random.default_rng(seed).permutation(count).tolist()
    held = min(_MOST_HELD, count // _HELD_EVERY)
    return sorted(order[:held]), order[held:]
