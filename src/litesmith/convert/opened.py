"""What the main process knows of an opened source."""

from __future__ import annotations

from dataclasses import dataclass

from litesmith.core.tensors import TensorSpec
from litesmith.diagnosis.cause import Layer


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedSource:
    """A source open in the TensorFlow process.

    Attributes:
        inputs: The user's names, in the model's order; -1 where a size is dynamic.
        outputs: As `inputs`.
        framework: What wrote it, such as `Keras 3.15.1` or `TensorFlow 2.3.2 SavedModel`.
        actions: What had to be done to open it, in sentences.
        duration_s: Wall time of opening, without TensorFlow's import.
        layers: The user's layers, in the order of the model; none for a SavedModel.
        stateful: Names of layers that carry a state from one call to the next.
        precision: Coarsest type that the model computes in.
    """

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    framework: str
    actions: tuple[str, ...]
    duration_s: float = 0.0
    layers: tuple[Layer, ...] = ()
    stateful: tuple[str, ...] = ()
    precision: str = "float32"
