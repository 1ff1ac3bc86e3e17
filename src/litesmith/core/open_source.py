"""A source opened in the TensorFlow process, the same for every kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from litesmith.core.tensors import TensorSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenModel:
    """A model that TensorFlow can run. It stays in its process.

    Attributes:
        path: Where it was opened from.
        framework: What wrote it, such as `Keras 3.15.1`.
        actions: What had to be done to open it, in sentences.
        inputs: The user's names, in the model's order; -1 where a size is dynamic.
        outputs: As `inputs`.
        call: Takes one tensor per input in that order and returns one per output; can be traced.
        tracked: Variables and objects that a saved function needs to hold.
        keras: The Keras 2 or Keras 3 model, where there is one.
        signature: Name of the SavedModel signature in use; empty for Keras models.
        signature_keys: (inputs, outputs) as the SavedModel names them, in the order of `inputs` and `outputs`.
    """

    path: Path
    framework: str
    actions: tuple[str, ...]
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    call: Callable[[Sequence[Any]], list[Any]]
    tracked: tuple[Any, ...] = ()
    keras: Any = None
    signature: str = ""
    signature_keys: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
