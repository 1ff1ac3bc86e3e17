"""For Keras models built with a fixed batch: traced at the batch that was asked for.

Keras checks every size of an input but the first, so most models built with `batch_size=4` run with any batch. Where
the model itself counts on its batch, the tracing fails or the answers differ, and the rung with them.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from litesmith.convert.rungs import wrapped
from litesmith.convert.rungs.rung import Draft, Rung
from litesmith.core.open_source import OpenModel


def _applies(model: OpenModel, batch: int | None) -> bool:
    return model.keras is not None and any(spec.shape and 0 < spec.shape[0] != batch for spec in model.inputs)


def _run(model: OpenModel, folder: Path, batch: int | None) -> Draft:
    opened = tuple(replace(spec, shape=(-1, *spec.shape[1:])) if spec.shape else spec for spec in model.inputs)
    return wrapped.run(replace(model, inputs=opened), folder, batch)


REBATCHED = Rung(
    name="rebatched",
    title="another batch than the model was built with",
    why="The model was built with a fixed batch, and runs with the one asked for as well.",
    applies=_applies,
    run=_run,
    cures=frozenset({"fixed_batch"}),
    for_unknown=False,
)
