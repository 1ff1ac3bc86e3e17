"""What a rung of the ladder is."""

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
class Rung:
    """One way to convert.

    Attributes:
        name: As it stands in the result.
        title: What it does, in a few words.
        why: Why it is tried, in one sentence.
        applies: Whether it makes sense for a model and a batch size (None for dynamic).
        run: Takes the model, an empty folder to work in, and the batch size (None for dynamic); returns the draft.
        cures: Names of causes in the catalogue that it may cure, beside those that name it as `cured_by`. With
            another known cause it is not tried.
        offer: Empty, or what the user has to accept with it: such a rung is tried and told of, but not taken.
        keeps_shape: Whether the result has the shape that was asked for.
        for_unknown: Whether it is tried where the cause is not known.
    """

    name: str
    title: str
    why: str
    applies: Callable[[OpenModel, int | None], bool]
    run: Callable[[OpenModel, Path, int | None], Draft]
    cures: frozenset[str] = frozenset()
    offer: str = ""
    keeps_shape: bool = True
    for_unknown: bool = True
