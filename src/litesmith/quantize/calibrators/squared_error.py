"""The range with the least expected squared error of a quantized value.

For a range that gives the step d, a value v inside it is off by v when it rounds to zero (|v| < d/2) and by d**2/12
on average otherwise; a value outside is off by its distance to the range. The expectation over the histogram is
minimised over both ends in turn. The same trade between rounding and clipping as in Banner et al., "Post training
4-bit quantization of convolutional networks" (NeurIPS 2019), with the measured distribution in place of a fitted
one.
"""

import numpy as np
import numpy.typing as npt

from litesmith.quantize.activations import TensorStatistics
from litesmith.quantize.calibrator import Calibrator

_CANDIDATES = 96
_SMALLEST_SHARE = 0.05
_ROUNDS = 3

Values = npt.NDArray[np.float64]


def expected_error(values: Values, weights: Values, low: Values, high: Values, *, bits: int) -> Values:
    """Return the expected squared error for each candidate range.

    Args:
        values: Bin centres, float64 [B].
        weights: Their shares, float64 [B].
        low: Lower ends, float64 [K].
        high: Upper ends, float64 [K].
        bits: Bits of the integers.
    """
    step = ((high - low) / (2**bits - 1))[:, None]
    outside = np.maximum(np.maximum(low[:, None] - values, values - high[:, None]), 0.0)
    inside = np.where(np.abs(values) < step / 2, values**2, step**2 / 12)
    errors: Values = np.where(outside > 0, outside**2, inside) @ weights
    return errors


def range_of(tensor: TensorStatistics, bits: int) -> tuple[float, float]:
    """Return the range with the least expected squared error, within the true extremes."""
    low, high = min(tensor.minimum, 0.0), max(tensor.maximum, 0.0)
    if high <= low:
        return low, high
    values, weights = tensor.centers(), tensor.weights
    shares = np.linspace(_SMALLEST_SHARE, 1.0, _CANDIDATES)
    widest = (low, high)
    for _ in range(_ROUNDS):
        before = (low, high)
        if widest[1] > 0:
            highs = widest[1] * shares
            high = float(highs[np.argmin(expected_error(values, weights, np.full_like(highs, low), highs, bits=bits))])
        if widest[0] < 0:
            lows = widest[0] * shares
            low = float(lows[np.argmin(expected_error(values, weights, lows, np.full_like(lows, high), bits=bits))])
        if (low, high) == before:
            break
    return low, high


PLUGIN = Calibrator(
    name="squared_error", summary="range with the least expected squared error of a value", range_of=range_of
)
