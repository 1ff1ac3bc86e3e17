"""What a route is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from litesmith.core.open_source import OpenModel


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A .tflite as TensorFlow made it.

    Attributes:
        data: Its bytes.
        inputs: For each of the model's inputs, in order: its key in the signature, or its tensor's name where the
            .tflite has no signature.
        outputs: As `inputs`.
    """

    data: bytes
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One way to convert.

    Attributes:
        name: As it stands in the result.
        applies: Whether it makes sense for a model.
        run: Takes the model, an empty folder to work in, and the batch size (None for dynamic); returns the draft.
    """

    name: str
    applies: Callable[[OpenModel], bool]
    run: Callable[[OpenModel, Path, int | None], Draft]
