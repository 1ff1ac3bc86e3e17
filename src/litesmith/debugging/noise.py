"""Signal and noise: what rounding to a grid of integers does to values."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
MOST_DB = 200.0
"""SQNR of values that are the same; a tensor without any signal has the negative of it."""
_SHRINKS = (0.95, 0.9, 0.85, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.12, 0.07, 0.04, 0.02)
_LEAST_POWER = 1e-8
"""Power of a channel, as a share of the strongest one's, below which it does not count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """The real values that a quantized tensor can hold: whole multiples of a step between two ends.

    Attributes:
        low: Least value.
        high: Largest value.
        step: Distance of neighbours.
    """

    low: float
    high: float
    step: float

    @property
    def steps(self) -> int:
        """Integers there are, less one."""
        return round((self.high - self.low) / self.step) if self.step else 0

    def rounded(self, values: Array) -> Array:
        """Return values as the grid holds them."""
        zero = round(-self.low / self.step)
        whole = np.clip(np.rint(values / self.step), -zero, self.steps - zero)
        return np.asarray(whole * np.float32(self.step), values.dtype)


def grid_over(low: float, high: float, steps: int) -> Grid | None:
    """Return the grid that holds a range and zero, as quantizers choose it; None where the range is empty."""
    low, high = min(low, 0.0), max(high, 0.0)
    step = (high - low) / steps if steps else 0.0
    if not step or not math.isfinite(step):
        return None
    zero = round(-low / step)
    return Grid(low=-zero * step, high=(steps - zero) * step, step=step)


def decibels(signal: float, noise: float) -> float | None:
    """Return a ratio of powers in dB, from -200 to 200; None where one is not finite.

    >>> decibels(100.0, 1.0), decibels(0.0, 0.0), decibels(0.0, 1.0), decibels(math.nan, 1.0)
    (20.0, 200.0, -200.0, None)
    """
    if not (math.isfinite(signal) and math.isfinite(noise)):
        return None
    if noise <= 0:
        return MOST_DB
    if signal <= 0:
        return -MOST_DB
    return max(-MOST_DB, min(MOST_DB, 10 * math.log10(signal / noise)))


def sqnr(reference: Array, other: Array) -> float | None:
    """Return the signal of the first to its difference from the second, in dB."""
    return decibels(power(reference), power(np.subtract(other, reference, dtype=np.float32)))


def power(values: Array) -> float:
    """Return the sum of squares."""
    with np.errstate(over="ignore", invalid="ignore"):
        flat = np.asarray(values, np.float32).ravel()
        return float(np.einsum("i,i->", flat, flat, dtype=np.float64))


def cosine(one: Array, other: Array) -> float | None:
    """Return the cosine similarity; None where one is all zero or not finite."""
    norm = math.sqrt(power(one)) * math.sqrt(power(other))
    if not norm or not math.isfinite(norm):
        return None
    product = float(np.einsum("i,i->", one.ravel(), other.ravel(), dtype=np.float64))
    return max(-1.0, min(1.0, product / norm))


def channels_of(values: Array) -> Array:
    """Return values [N, ..., C] as [rows, C]; of what has no channels, one column."""
    return values.reshape(-1, values.shape[-1]) if values.ndim > 2 and values.shape[-1] > 0 else values.reshape(-1, 1)


def alike_db(signals: Array, noises: Array) -> float | None:
    """Return the SQNR with every channel counted alike: each one's noise is divided by its own signal, at most 1.

    Channels that hold next to nothing, which rounding to zero does no harm, are left out.

    Args:
        signals: Power of each channel.
        noises: Power of each one's error.
    """
    strongest = float(signals.max(initial=0.0))
    kept = signals > strongest * _LEAST_POWER
    if not strongest or not kept.any():
        return None
    shares = np.minimum(noises[kept] / signals[kept], 1.0)
    return decibels(1.0, float(shares.mean()))


def per_channel_db(values: Array, steps: int) -> float | None:
    """Return the same for a grid of its own for every channel, from its least to its largest value.

    Args:
        values: Real values [rows, C].
        steps: Integers of a grid, less one.
    """
    low, high = np.minimum(values.min(axis=0), 0), np.maximum(values.max(axis=0), 0)
    step = np.maximum((high - low) / steps, np.finfo(np.float32).tiny)
    error = np.rint(values / step) * step - values
    return alike_db(_powers(values), _powers(error))


def grid_alike_db(values: Array, grid: Grid) -> float | None:
    """Return the SQNR of values [rows, C] on one grid, every channel counted alike."""
    return alike_db(_powers(values), _powers(grid.rounded(values) - values))


def _powers(values: Array) -> Array:
    return np.asarray(np.square(values, dtype=np.float64).sum(axis=0))


def best_clip(values: Array, steps: int) -> tuple[float, float, float] | None:
    """Return the range (low, high) whose grid makes the least squared error, and its SQNR in dB.

    Ranges from the least to the largest value, shrunk towards zero on both sides or on one, are tried.
    """
    low, high = min(float(values.min()), 0.0), max(float(values.max()), 0.0)
    signal = power(values)
    best: tuple[float, float, float] | None = None
    sides = [(1.0, 1.0), *((s, s) for s in _SHRINKS), *((s, 1.0) for s in _SHRINKS), *((1.0, s) for s in _SHRINKS)]
    for below, above in sides:
        grid = grid_over(low * below, high * above, steps)
        if grid is None:
            continue
        found = decibels(signal, power(grid.rounded(values) - values))
        if found is not None and (best is None or found > best[2]):
            best = (low * below, high * above, found)
    return best
