"""The plain way with a batch of 1, where a dynamic batch was asked for: tried, told, never taken."""

from __future__ import annotations

from pathlib import Path

from litesmith.convert.rungs import wrapped
from litesmith.convert.rungs.rung import Draft, Rung
from litesmith.core.open_source import OpenModel


def _run(model: OpenModel, folder: Path, batch: int | None) -> Draft:  # noqa: ARG001 - the signature of every rung
    return wrapped.run(model, folder, 1)


STATIC_BATCH = Rung(
    name="static_batch",
    title="static batch of 1",
    why="Some operators need a static batch; a phone answers one sample at a time.",
    applies=lambda model, batch: batch is None and any(spec.shape[:1] == (-1,) for spec in model.inputs),
    run=_run,
    cures=frozenset(
        {
            "dynamic_batch_recurrent",
            "dynamic_filter",
            "einsum",
            "new_axis",
            "no_kernel",
            "tensor_list",
            "too_many_dimensions",
        }
    ),
    offer="it converts with a batch of 1: --batch 1",
    keeps_shape=False,
)
