"""What a calibrator is: a rule from what an activation was seen to do to the range it is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from litesmith.core.registry import load_plugin, load_plugins
from litesmith.quantize.activations import TensorStatistics

PACKAGE = "litesmith.quantize.calibrators"

Rule = Callable[[TensorStatistics, int], tuple[float, float]]
"""Takes statistics and the bits of the integers; returns (min, max)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrator:
    """A rule for ranges.

    Attributes:
        name: File name of the plugin.
        summary: One line for people.
        range_of: Takes statistics and the bits of the integers; returns (min, max).
    """

    name: str
    summary: str
    range_of: Rule


def calibrator_named(name: str) -> Calibrator:
    """Return a calibrator.

    Raises:
        UnknownNameError: no such calibrator.
    """
    calibrator: Calibrator = load_plugin(PACKAGE, name, kind="calibrator")
    return calibrator


def every_range(tensor: TensorStatistics, *, bits: int) -> dict[str, tuple[float, float]]:
    """Return the valid range of one activation by each calibrator's rule, by the calibrator's name."""
    calibrators: dict[str, Calibrator] = load_plugins(PACKAGE, kind="calibrator")
    return {name: widened(*found.range_of(tensor, bits), bits=bits) for name, found in calibrators.items()}


def narrowest(bits: int) -> float:
    """Return the least width of a range.

    It is what a fused ReLU6 needs: the kernels compute 6 / scale in 32 bits and refuse the model
    ("no_integer_overflow_from_quantization") when that overflows.
    """
    return float(1.01 * 6 * 2**bits / 2**31)  # 2**bits steps of an asymmetric range


def widened(low: float, high: float, *, bits: int) -> tuple[float, float]:
    """Return a range that holds zero and is no narrower than `narrowest`."""
    low, high = min(low, 0.0), max(high, 0.0)
    return (low, narrowest(bits)) if max(-low, high) < narrowest(bits) else (low, high)
