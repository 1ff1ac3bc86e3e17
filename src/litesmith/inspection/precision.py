"""What a model computes in, as a whole."""

from __future__ import annotations

from collections.abc import Iterable

from litesmith.core.audit import Precision
from litesmith.core.graph import Graph
from litesmith.inspection.number_types import PACKED, Kind, kinds


def precision_of(graph: Graph) -> Precision:
    """Return what a model computes in.

    Operators that compute on quantized activations make it an integer model, with float islands where there are float
    operators too. Without any, the weights decide: read as integers by the operators themselves (dynamic range),
    unpacked from integers or from float16 by a DEQUANTIZE before them, or float32.
    """
    return precision_from([kind for subgraph in graph.subgraphs for kind in kinds(subgraph)])


def precision_from(found: Iterable[Kind]) -> Precision:
    """Return the precision of operators that compute in these ways."""
    every = list(found)
    floating = any(kind.floating for kind in every)
    widths = {kind.bits for kind in every if kind.integer}
    if widths:
        if floating:
            return Precision.MIXED
        return Precision.FULL_INT16 if 16 in widths else Precision.FULL_INT8
    if not floating:
        return Precision.OTHER
    if any(kind.hybrid for kind in every):
        return Precision.DYNAMIC_RANGE
    stored = {dtype for kind in every if kind.floating for dtype in kind.weights}
    if stored & PACKED:
        return Precision.WEIGHT_ONLY
    return Precision.FLOAT16_WEIGHTS if stored & {"float16", "bfloat16"} else Precision.FLOAT32
