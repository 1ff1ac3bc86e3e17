"""For recurrent layers with a dynamic batch: the steps one after the other instead of a loop.

The loop of an LSTM or GRU keeps its steps in a TensorList, whose elements must have a static shape in TFLite. Unrolled,
there is no list. It needs to know the number of steps, and the file grows with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from litesmith.convert.rungs import wrapped
from litesmith.convert.rungs.rung import Draft, Rung
from litesmith.core.open_source import OpenModel

_FUSED = "_could_use_gpu_kernel"  # of Keras 2: True goes past `unroll` into a function of its own


def _recurrent(model: OpenModel) -> list[Any]:
    if model.keras is None or not hasattr(model.keras, "_flatten_layers"):
        return []
    return [layer for layer in model.keras._flatten_layers() if hasattr(layer, "unroll")]


@contextmanager
def _unrolled(layers: list[Any]) -> Iterator[None]:
    """Unroll the layers, and set them back: the reference answers are those of the user's layers."""
    names = ("unroll", _FUSED)
    before = [(layer, name, getattr(layer, name)) for layer in layers for name in names if hasattr(layer, name)]
    try:
        for layer, name, _ in before:
            setattr(layer, name, name == "unroll")
        yield
    finally:
        for layer, name, value in before:
            setattr(layer, name, value)


def _run(model: OpenModel, folder: Path, batch: int | None) -> Draft:
    with _unrolled(_recurrent(model)):
        return wrapped.run(model, folder, batch)


UNROLLED_RECURRENT = Rung(
    name="unrolled_recurrent",
    title="recurrent layers unrolled",
    why="TFLite has no loop over steps whose batch is dynamic; unrolled, there is no loop.",
    applies=lambda model, batch: batch is None and bool(_recurrent(model)),
    run=_run,
)
