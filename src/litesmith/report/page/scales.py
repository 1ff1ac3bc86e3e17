"""From measured values to places on a drawing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Maps low..high to start..end in pixels, by logarithm when `log`."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def at(self, value: float) -> float:
        """Return the pixel of a value, held within the drawing."""
        low, high, value = (math.log10(v) if self.log else v for v in (self.low, self.high, max(value, self._floor())))
        share = (value - low) / (high - low) if high > low else 0.5
        return round(self.start + (self.end - self.start) * min(max(share, 0.0), 1.0), 2)

    def ticks(self, count: int = 5) -> tuple[float, ...]:
        """Return round values inside the scale."""
        return log_ticks(self.low, self.high) if self.log else ticks(self.low, self.high, count)

    def _floor(self) -> float:
        return self.low if self.log else -math.inf


def ticks(low: float, high: float, count: int = 5) -> tuple[float, ...]:
    """Return about `count` round values from low to high.

    >>> ticks(0, 23.1)
    (0.0, 5.0, 10.0, 15.0, 20.0)
    """
    span = high - low
    if not math.isfinite(span) or span <= 0:
        return (low,)
    rough = span / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next((m * power for m in (1, 2, 5) if m * power >= rough * 0.75), 10 * power)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return tuple(round(i * step, 12) + 0.0 for i in range(first, last + 1))


def log_ticks(low: float, high: float) -> tuple[float, ...]:
    """Return 1, 2 and 5 times the powers of ten inside low..high.

    >>> log_ticks(0.8, 12)
    (1.0, 2.0, 5.0, 10.0)
    """
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    values = (m * 10.0**p for p in powers for m in (1, 2, 5))
    return tuple(float(f"{v:.6g}") for v in values if low <= v <= high)


def padded(values: Sequence[float], share: float, *, least: float) -> tuple[float, float]:
    """Return the range of values, widened on both sides by a share of it and spanning at least `least`."""
    low, high = min(values), max(values)
    margin = max((high - low) * share, (least - (high - low)) / 2, 0.0)
    return low - margin, high + margin
