"""What a correction is: a change that brings a quantized model's answers nearer to the float model's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from litesmith.core.registry import load_plugin, plugin_names

if TYPE_CHECKING:
    from litesmith.quantize.preparing import Preparing
    from litesmith.runtime.weighted import Layer

PACKAGE = "litesmith.quantize.corrections"
Doubles = npt.NDArray[np.float64]
Array = npt.NDArray[Any]


class Moment(Enum):
    """When a correction acts."""

    FLOAT = "float"
    """On the float model, before ranges are chosen; its answers stay what they were."""
    RANGES = "ranges"
    """On the ranges of activations."""
    LAYER = "layer"
    """On one layer of the quantized model after the other, in execution order, each time with the inputs that the
    layers before it, already corrected, give."""


@dataclass(slots=True, kw_only=True)
class LayerStep:
    """A layer that is being corrected. The last four fields are changed in place; the walk writes them back.

    Attributes:
        layer: The layer.
        matrix: The float model's weights, float64 [O, K].
        inputs: What it reads in the float model at the chosen positions, float32 [N, K], depthwise [K, N, O].
        fed: The same in the quantized model, as real values.
        groups: Which sample each of the N positions is from.
        targets: The float model's sums with bias, before the activation, float32 [N, O].
        limits: What the activation and the range of the output leave of a value.
        bits: Bits of the weights.
        per_row: Whether each output channel has a scale of its own.
        integers: Weights, float64 [O, K].
        scales: Of the rows, float64 [O].
        bias: Real values, float64 [O]; None where the operator has none that can be changed.
    """

    layer: Layer
    matrix: Doubles
    inputs: Array
    fed: Array
    groups: npt.NDArray[np.int64]
    targets: Array
    limits: tuple[float, float]
    bits: int
    per_row: bool
    integers: Doubles
    scales: Doubles
    bias: Doubles | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """A correction.

    Attributes:
        name: File name of the plugin.
        summary: One line for people.
        source: Author, title, venue and year of the method.
        moment: When it acts.
        order: Corrections of one moment act in this order.
        prepare: For `FLOAT`: changes what is being prepared; returns what it did in words, or nothing where it found
            nothing to do. Ranges are searched in `quantize/clipping.py`.
        correct: For `LAYER`: changes the step.
        simplifies: Whether it also makes the app simpler, so that it is worth having where it does no harm.
    """

    name: str
    summary: str
    source: str
    moment: Moment
    order: int
    prepare: Callable[[Preparing], str] | None = None
    correct: Callable[[LayerStep], None] | None = None
    simplifies: bool = False


def correction_named(name: str) -> Correction:
    """Return a correction.

    Raises:
        UnknownNameError: no such correction.
    """
    correction: Correction = load_plugin(PACKAGE, name, kind="correction")
    return correction


def correction_names() -> tuple[str, ...]:
    """Return all corrections in the order they act."""
    order = {moment: place for place, moment in enumerate(Moment)}
    return tuple(
        sorted(
            plugin_names(PACKAGE),
            key=lambda name: (order[correction_named(name).moment], correction_named(name).order),
        )
    )
