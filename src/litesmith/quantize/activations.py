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


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorStatistics:
    """The values one activation took.

    Attributes:
        minimum: True minimum over all samples and elements.
        maximum: True maximum.
        count: Elements seen.
        bins: Occupied histogram bins, ascending, int64 [B].
        weights: Share of sampled elements in each, float64 [B], summing to 1.
    """

    minimum: float
    maximum: float
    count: int
    bins: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float64]

    def centers(self) -> npt.NDArray[np.float64]:
        """Return the middle value of each occupied bin, float64 [B], within the true extremes."""
        return np.clip(bin_centers()[self.bins], self.minimum, self.maximum)


def bin_centers() -> npt.NDArray[np.float64]:
    """Return the value in the middle of every bin, float64 [16384]; NaN where the bits stand for no finite number."""
    bits = (np.arange(BINS, dtype=np.uint32) << _SHIFT) + np.uint32(1 << (31 - BIN_BITS))
    with np.errstate(invalid="ignore"):  # some bit patterns are signalling NaN
        values = bits.view(np.float32).astype(np.float64)
    return np.where(np.isfinite(values), values, np.nan)


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
