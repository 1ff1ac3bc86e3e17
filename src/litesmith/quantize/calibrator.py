"""What a calibrator is: a rule from what an activation was seen to do to the range it is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from litesmith.core.registry import load_plugin
from litesmith.quantize.activations import TensorStatistics

PACKAGE = "litesmith.quantize.calibrators"


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
    range_of: Callable[[TensorStatistics, int], tuple[float, float]]


def calibrator_named(name: str) -> Calibrator:
    """Return a calibrator.

    Raises:
        UnknownNameError: no such calibrator.
    """
    calibrator: Calibrator = load_plugin(PACKAGE, name, kind="calibrator")
    return calibrator
