"""What a calibration pass keeps of each activation: its true range and a histogram of its values.

Histogram bins are the leading bits of the float32 number itself (sign, exponent, five bits of the mantissa), so
they are the same for every tensor and every process: histograms can be added in any order, need no second pass,
hold 16,384 bins at most, and resolve every value to about 3 %.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

BIN_BITS = 14
BINS = 1 << BIN_BITS
_SHIFT = np.uint32(32 - BIN_BITS)
_SIGN = BINS >> 1
_INFINITE = 0x7F800000 >> (32 - BIN_BITS)

Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorStatistics:
    """The values one activation took.

    Attributes:
        minimum: True minimum over all samples and elements.
        maximum: True maximum.
        mean_minimum: Mean of the minima of single samples.
        mean_maximum: Mean of their maxima.
        count: Elements seen.
        samples: Samples seen.
        bins: Occupied histogram bins, ascending, int64 [B].
        weights: Share of sampled elements in each, float64 [B], summing to 1.
        halves: The same over the even and over the odd samples alone; empty where one of them has none.
    """

    minimum: float
    maximum: float
    mean_minimum: float
    mean_maximum: float
    count: int
    samples: int
    bins: npt.NDArray[np.int64]
    weights: Values
    halves: tuple[TensorStatistics, ...] = ()

    def centers(self) -> Values:
        """Return the middle value of each occupied bin, float64 [B], within the true extremes."""
        return np.clip(bin_centers()[self.bins], self.minimum, self.maximum)

    def by_value(self) -> tuple[Values, Values, Values]:
        """Return (lower edge, upper edge, share) of the occupied bins in ascending order of value, float64 [B] each.

        Edges are those of the bins, and so may lie outside the true extremes.
        """
        lower, upper = bin_edges()
        order = np.argsort(lower[self.bins], kind="stable")  # zero and minus zero have their bins side by side
        sorted_bins = self.bins[order]
        return lower[sorted_bins], upper[sorted_bins], self.weights[order]


def bin_centers() -> Values:
    """Return the value in the middle of every bin, float64 [16384]; NaN where the bits stand for no finite number."""
    bits = (np.arange(BINS, dtype=np.uint32) << _SHIFT) + np.uint32(1 << (31 - BIN_BITS))
    with np.errstate(invalid="ignore"):  # some bit patterns are signalling NaN
        values = bits.view(np.float32).astype(np.float64)
    return np.where(np.isfinite(values), values, np.nan)


@cache
def bin_edges() -> tuple[Values, Values]:
    """Return the lower and the upper edge of every bin, float64 [16384] each; NaN where `bin_centers` is.

    >>> lower, upper = bin_edges()
    >>> index = int(bin_indices(np.array([6.0], np.float32))[0])
    >>> float(lower[index]), float(upper[index])
    (6.0, 6.125)
    """
    bits = np.arange(_INFINITE, dtype=np.uint32) << _SHIFT
    starts = np.append(bits.view(np.float32).astype(np.float64), 2.0**128)
    lower, upper = np.full(BINS, np.nan), np.full(BINS, np.nan)
    lower[:_INFINITE], upper[:_INFINITE] = starts[:-1], starts[1:]
    lower[_SIGN : _SIGN + _INFINITE], upper[_SIGN : _SIGN + _INFINITE] = -starts[1:], -starts[:-1]
    for edges in (lower, upper):
        edges.setflags(write=False)  # shared by all callers
    return lower, upper


def bin_indices(values: npt.NDArray[np.float32]) -> npt.NDArray[np.uint16]:
    """Return the bin of each value: float32 [...] -> uint16 [...]. Needs contiguous values."""
    indices: npt.NDArray[np.uint16] = (values.view(np.uint32) >> _SHIFT).astype(np.uint16)
    return indices


@cache
def stride_for(shape: tuple[int, ...], most: int) -> int:
    """Return the step that takes at most `most` elements of a tensor and meets every channel and column evenly.

    The step shares no factor with any dimension, and depends on the shape alone, so that the order of the samples
    does not matter.

    >>> stride_for((1, 112, 112, 32), 8192)
    51
    """
    step = max(1, math.ceil(math.prod(shape) / most))
    while step > 1 and any(math.gcd(step, d) > 1 for d in shape if d > 1):
        step += 1
    return step
