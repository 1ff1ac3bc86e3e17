"""The plain way with every open size fixed, where only an open height, width or length fails: told, never taken."""

from __future__ import annotations

from pathlib import Path

from litesmith.convert.rungs import wrapped
from litesmith.convert.rungs.rung import Draft, Rung
from litesmith.convert.rungs.shapes import has_open_size, working_size
from litesmith.core.open_source import OpenModel


def _run(model: OpenModel, folder: Path, batch: int | None) -> Draft:
    return wrapped.run(model, folder, batch, size=working_size(model))


STATIC_SIZE = Rung(
    name="static_size",
    title="fixed height, width or length",
    why="The model's input has an open size beside the batch, which some layers cannot be converted with.",
    applies=lambda model, batch: has_open_size(model.inputs),  # noqa: ARG005 - a rung is asked with a batch too
    run=_run,
    cures=frozenset(
        {"dynamic_filter", "einsum", "image_op", "new_axis", "no_kernel", "tensor_list", "too_many_dimensions"}
    ),
    offer="it converts once every size of the input is fixed",
    keeps_shape=False,
)
