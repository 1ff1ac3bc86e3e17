"""What a kind of source is: how it is recognised and who opens it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One kind of model a user may have.

    `recognise` and `damage` run in the main process: they look at contents with the standard library alone.

    Attributes:
        name: The plugin's file name.
        describes: What to call it in a sentence, such as `Keras model (.keras)`.
        recognise: Tells from the content, never from the name, whether a file or folder is of this kind.
        damage: Says what is missing or cut off in a recognised source; empty when nothing is.
        needs_tensorflow: Whether it has to be converted.
        opener: Import path `module:function` of the function that opens it in the TensorFlow process and returns an
            `OpenModel`; empty where there is nothing to open.
    """

    name: str
    describes: str
    recognise: Callable[[Path], bool]
    damage: Callable[[Path], str]
    needs_tensorflow: bool
    opener: str
