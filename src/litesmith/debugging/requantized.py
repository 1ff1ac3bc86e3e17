"""Finds tensors that are rounded twice, and what the second rounding costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy.typing as npt

from litesmith.core.graph import Subgraph
from litesmith.debugging.noise import sqnr
from litesmith.debugging.suspect import Suspect, grid_of

Array = npt.NDArray[Any]


def add_conversions(graph: Subgraph, suspects: Sequence[Suspect], exact: Mapping[int, Array]) -> None:
    """Add to each layer whose result goes through QUANTIZE what is left of it behind that.

    Args:
        graph: The quantized model.
        suspects: Layers.
        exact: A layer's exact values, by operator; only those that are rounded again are needed.
    """
    for suspect in suspects:
        values = exact.get(suspect.index)
        if suspect.index < 0 or values is None:
            continue
        for behind in converted(graph, suspect.index):
            grid = grid_of(graph.tensors[behind])
            if grid is None:
                continue
            suspect.conversions += 1
            left = sqnr(values, grid.rounded(values))
            if left is not None and (suspect.requantized_db is None or left < suspect.requantized_db):
                suspect.requantized_db = left


def converted(graph: Subgraph, op: int) -> list[int]:
    """Return the tensors that QUANTIZE makes of an operator's result."""
    results = graph.ops[op].outputs[:1]
    return [o.outputs[0] for o in graph.ops if o.name == "QUANTIZE" and o.inputs[0] in results]
