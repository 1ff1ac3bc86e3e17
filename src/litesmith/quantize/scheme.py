"""What a quantization scheme is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

PACKAGE = "litesmith.quantize.schemes"


class Interface(Enum):
    """The number type of a full-integer model's inputs and outputs."""

    INT8 = "int8"
    UINT8 = "uint8"
    FLOAT32 = "float32"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """One way to store and compute a model.

    Attributes:
        name: File name of the plugin.
        summary: One line for people.
        recipe: Returns the quantizer's recipe; None leaves the float model as it is.
        activation_bits: Bits of calibrated activations; 0 when activations stay float.
        integer: Whether every operator is meant to compute in integers.
        per_tensor: Whether each weight tensor has one scale instead of one per output channel.
        corrected_weights: Whether corrections of layers apply although activations stay float.
        promises: What holds of every variant, in the words of `litesmith inspect --expect`; the number type of inputs
            and outputs is added for calibrated schemes.
    """

    name: str
    summary: str
    recipe: Callable[[], list[dict[str, Any]]] | None
    activation_bits: int = 0
    integer: bool = False
    per_tensor: bool = False
    corrected_weights: bool = False
    promises: tuple[str, ...] = ()

    @property
    def correctable(self) -> bool:
        """Whether corrections apply: integers of 8 bits throughout, or integer weights that kernels read."""
        return (self.activation_bits == 8 and self.integer) or self.corrected_weights

    @property
    def calibrated(self) -> bool:
        """Whether it needs the ranges of activations."""
        return self.activation_bits > 0
