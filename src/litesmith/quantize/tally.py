"""What some samples did to one activation, kept so that it can be added up in any order.

Extremes, whole numbers and nothing else: sums of float32 values are held as exact integers, so that adding the
parts of any partition in any order gives the same bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from litesmith.quantize.activations import BINS, TensorStatistics

_UNIT_BITS = 149
"""Every float32 is a whole multiple of 2**-149."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """One activation over some samples.

    Attributes:
        minimum: Over all samples and elements; NaN where any is.
        maximum: The same.
        sum_of_minima: Of single samples, in units of 2**-149.
        sum_of_maxima: The same.
        count: Elements.
        samples: Samples.
        bins: Occupied histogram bins, ascending, int64 [B].
        counts: Sampled elements in each, int64 [B].
    """

    minimum: float
    maximum: float
    sum_of_minima: int
    sum_of_maxima: int
    count: int
    samples: int
    bins: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]

    @property
    def finite(self) -> bool:
        """Whether no NaN and no infinity was met."""
        return bool(np.isfinite(self.minimum) and np.isfinite(self.maximum))


def tally(
    minima: Sequence[float],
    maxima: Sequence[float],
    *,
    count: int,
    histogram: npt.NDArray[np.integer],
) -> Tally:
    """Return the tally of some samples.

    Args:
        minima: Minimum of each sample.
        maxima: Maximum of each.
        count: Elements of all of them.
        histogram: Sampled elements per bin [16384].
    """
    lows, highs = np.array(minima, np.float64), np.array(maxima, np.float64)
    bins = np.flatnonzero(histogram)
    return Tally(
        minimum=float(lows.min()) + 0.0,  # no minus zero
        maximum=float(highs.max()) + 0.0,
        sum_of_minima=exact_sum(lows),
        sum_of_maxima=exact_sum(highs),
        count=count,
        samples=len(lows),
        bins=bins,
        counts=histogram[bins].astype(np.int64),
    )


def exact_sum(values: npt.NDArray[np.float64]) -> int:
    """Return the sum of float32 values in units of 2**-149, without rounding; 0 when any is not finite.

    >>> exact_sum(np.array([0.5, 1e30, -1e30])) == 1 << 148
    True
    """
    if not np.isfinite(values).all():
        return 0
    return sum(map(int, np.ldexp(values, _UNIT_BITS).tolist()))


def merged(parts: Sequence[Tally]) -> Tally:
    """Return the tally of all samples of the parts; their order and their borders do not matter."""
    histogram = np.zeros(BINS, np.int64)
    for part in parts:
        histogram[part.bins] += part.counts
    bins = np.flatnonzero(histogram)
    return Tally(
        minimum=float(np.min([p.minimum for p in parts])),  # NaN stays NaN
        maximum=float(np.max([p.maximum for p in parts])),
        sum_of_minima=sum(p.sum_of_minima for p in parts),
        sum_of_maxima=sum(p.sum_of_maxima for p in parts),
        count=sum(p.count for p in parts),
        samples=sum(p.samples for p in parts),
        bins=bins,
        counts=histogram[bins],
    )


def statistics(even: Tally | None, odd: Tally | None) -> TensorStatistics:
    """Return the statistics of all samples, with those of both halves where both have samples."""
    halves = [half for half in (even, odd) if half is not None]
    each = tuple(_statistics(half, ()) for half in halves)
    return each[0] if len(each) == 1 else _statistics(merged(halves), each)


def _statistics(seen: Tally, halves: tuple[TensorStatistics, ...]) -> TensorStatistics:
    scale = seen.samples << _UNIT_BITS
    return TensorStatistics(
        minimum=seen.minimum,
        maximum=seen.maximum,
        mean_minimum=seen.sum_of_minima / scale,  # whole numbers: rounded once
        mean_maximum=seen.sum_of_maxima / scale,
        count=seen.count,
        samples=seen.samples,
        bins=seen.bins,
        weights=seen.counts / seen.counts.sum(),
        halves=halves,
    )
