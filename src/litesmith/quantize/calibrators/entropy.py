"""The range whose quantized values say the most about the real ones: least Kullback-Leibler divergence.

After S. Migacz, "8-bit inference with TensorRT" (GPU Technology Conference, 2017). There, P is the histogram with all
that lies outside a candidate range added to its last bin, Q the same values without the outliers, merged into as many
cells as there are integers and spread evenly over each cell; the range with the least KL(P || Q) is taken. What differs
here:

- The histogram is spaced like the float numbers, not evenly. Its bins stand for a density that is even within each, and
  the divergence of that density is integrated, so neither 2048 bins nor a largest value have to be fixed beforehand.
  Where bins are finer than an eighth of a cell (Migacz has 2048 bins for 128 cells; here 2048 for 256), eighths of a
  cell are taken instead.
- Both ends are sought, one after the other, for ranges that are not symmetric; a side without values stays at zero.
- Zero is left out, as every range represents it exactly.
- Of what is not zero, at most 1 % is cut at each end.
"""

import numpy as np
import numpy.typing as npt

from litesmith.quantize.activations import TensorStatistics
from litesmith.quantize.calibrator import Calibrator

_MOST_BITS = 10
"""With more, cells are finer than the histogram: nothing is lost by keeping the extremes."""
_FINE = 8
_MOST_CUT = 0.01
_CANDIDATES = 64
_ROUNDS = 2
_SMALLEST = 2.0**-126
"""Values below are taken for zero."""
_NOTHING = 1e-12
"""Shares below are the rounding of sums."""

Values = npt.NDArray[np.float64]


class Density:
    """A distribution of values that is even within each bin.

    Args:
        lower: Lower edges, ascending, float64 [B].
        upper: Upper edges, float64 [B].
        weights: Shares, float64 [B], summing to 1.
    """

    def __init__(self, lower: Values, upper: Values, weights: Values) -> None:
        self._edges = np.stack([lower, upper], axis=1).reshape(-1)
        self._shares = _cumulative(weights)
        self._logs = _cumulative(weights * np.log(weights / (upper - lower)))

    def below(self, values: Values) -> Values:
        """Return the share of values below each."""
        return np.interp(values, self._edges, self._shares)

    def log_below(self, values: Values) -> Values:
        """Return the integral of the density times its logarithm up to each value."""
        return np.interp(values, self._edges, self._logs)


def _cumulative(values: Values) -> Values:
    """Return the sum before and after each bin, float64 [2 B]."""
    ends = np.cumsum(values)
    return np.stack([ends - values, ends], axis=1).reshape(-1)


def _entropy(shares: Values, widths: Values) -> Values:
    """Return the sum over the last axis of share x log(share / width); an empty cell adds nothing."""
    filled = (shares > 0) & (widths > 0)
    logs = np.log(np.where(filled, shares, 1.0) / np.where(filled, widths, 1.0))
    total: Values = np.where(filled, shares * logs, 0.0).sum(axis=-1)
    return total


def divergence(density: Density, low: Values, high: Values, *, bits: int) -> Values:
    """Return KL(P || Q) in nats for each candidate range.

    Args:
        density: Of the values that are not zero.
        low: Lower ends, float64 [K].
        high: Upper ends, float64 [K].
        bits: Bits of the integers.
    """
    levels = 2**bits
    step = ((high - low) / levels)[:, None]
    cells = np.diff(density.below(low[:, None] + step * np.arange(levels + 1)), axis=1)
    near = np.clip(step / _FINE * np.arange(-(_FINE**2), _FINE**2 + 1), low[:, None], high[:, None])
    real = (
        density.log_below(high)
        - density.log_below(near[:, -1])
        + density.log_below(near[:, 0])
        - density.log_below(low)
        + _entropy(np.diff(density.below(near), axis=1), np.diff(near, axis=1))
    )
    under, over = density.below(low), 1 - density.below(high)
    inside = np.maximum(1 - under - over, np.finfo(np.float64).tiny)
    total = real - _entropy(cells, np.broadcast_to(step, cells.shape)) + inside * np.log(inside)
    fine = step[:, 0] / _FINE
    total += _end(density.below(high) - density.below(high - fine), over, cells[:, -1] / _FINE / inside)
    total += _end(density.below(low + fine) - density.below(low), under, cells[:, 0] / _FINE / inside)
    return np.asarray(total, np.float64)


def _end(share: Values, outside: Values, kept: Values) -> Values:
    """Return what the outliers add at one end, where they are in P's last fine cell and not in Q's.

    Args:
        share: Of the values in that fine cell, float64 [K].
        outside: Of the values beyond it.
        kept: Of Q in it.
    """
    outside = np.where(outside > _NOTHING, outside, 0.0)
    added = _against(share + outside, kept) - _against(share, kept)
    return np.where(outside > 0, np.where(kept > 0, added, np.inf), 0.0)


def _against(share: Values, kept: Values) -> Values:
    """Return share x log(share / kept), 0 where either is 0."""
    filled = (share > 0) & (kept > 0)
    return np.where(filled, share * np.log(np.where(filled, share, 1.0) / np.where(filled, kept, 1.0)), 0.0)


def _ends(edges: Values, cut: Values) -> Values:
    """Return candidates for one end, the widest first: edges beyond which at most 1 % lies, thinned out."""
    allowed = edges[cut <= _MOST_CUT]
    if len(allowed) > _CANDIDATES:
        allowed = allowed[np.unique(np.linspace(0, len(allowed) - 1, _CANDIDATES).round().astype(int))]
    return allowed


def range_of(tensor: TensorStatistics, bits: int) -> tuple[float, float]:
    """Return the range with the least divergence, within the true extremes."""
    lower, upper, weights = tensor.by_value()
    real = np.maximum(-lower, upper) > _SMALLEST
    if bits > _MOST_BITS or not real.any():
        return tensor.minimum, tensor.maximum
    lower, upper, weights = lower[real], upper[real], weights[real] / weights[real].sum()
    density = Density(lower, upper, weights)
    shares = np.cumsum(weights)
    highs = _ends(upper[upper > 0][::-1], (1 - shares[upper > 0])[::-1])
    lows = _ends(lower[lower < 0], (shares - weights)[lower < 0])
    low, high = float(lows[0]) if len(lows) else 0.0, float(highs[0]) if len(highs) else 0.0
    for _ in range(_ROUNDS):
        before = (low, high)
        if len(highs):
            high = float(highs[np.argmin(divergence(density, np.full_like(highs, low), highs, bits=bits))])
        if len(lows):
            low = float(lows[np.argmin(divergence(density, lows, np.full_like(lows, high), bits=bits))])
        if (low, high) == before:
            break
    return max(low, min(tensor.minimum, 0.0)), min(high, max(tensor.maximum, 0.0))


PLUGIN = Calibrator(
    name="entropy", summary="range of the least Kullback-Leibler divergence from the real values", range_of=range_of
)
