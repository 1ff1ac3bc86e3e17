"""How single operators hold and compute numbers: what the precision, the islands and the promises are told from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from litesmith.core.graph import CONVERSIONS, FLOATS, GraphOp, GraphTensor, Subgraph

QUANTIZED = frozenset({"int8", "uint8", "int16"})
"""Number types of quantized activations."""
PACKED = frozenset({"int2", "int4", "uint4", "int8", "uint8", "int16"})
"""Number types of quantized weights."""
WEIGHTED = {
    "CONV_2D": (1,),
    "CONV_3D": (1,),
    "CONV_3D_TRANSPOSE": (1,),
    "DEPTHWISE_CONV_2D": (1,),
    "TRANSPOSE_CONV": (1,),
    "FULLY_CONNECTED": (1,),
    "BATCH_MATMUL": (0, 1),
    "EMBEDDING_LOOKUP": (1,),
    "GATHER": (0,),
    "SVDF": (1, 2),
    "RNN": (1, 2),
    "UNIDIRECTIONAL_SEQUENCE_RNN": (1, 2),
    "BIDIRECTIONAL_SEQUENCE_RNN": (1, 2, 5, 6),
    "LSTM": tuple(range(1, 9)),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": tuple(range(1, 9)),
    "BIDIRECTIONAL_SEQUENCE_LSTM": (*range(1, 9), *range(18, 26)),
}
"""Inputs that may be weights, by operator, in the order of the kernels' headers."""
MOVES = frozenset(
    {
        "RESHAPE",
        "SQUEEZE",
        "EXPAND_DIMS",
        "TRANSPOSE",
        "SLICE",
        "STRIDED_SLICE",
        "SPLIT",
        "SPLIT_V",
        "PACK",
        "UNPACK",
        "CONCATENATION",
        "GATHER",
        "GATHER_ND",
        "TILE",
        "BROADCAST_TO",
        "SPACE_TO_DEPTH",
        "DEPTH_TO_SPACE",
        "SPACE_TO_BATCH_ND",
        "BATCH_TO_SPACE_ND",
        "REVERSE_V2",
        "REVERSE_SEQUENCE",
    }
)
"""Operators that only move numbers, whatever their type."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How one operator computes.

    Attributes:
        floating: A float activation goes in or comes out, and it is no conversion.
        integer: A quantized activation goes in or comes out, and it is no conversion.
        bits: The widest quantized activation; 0 without.
        hybrid: It computes on float activations with integer weights, which it unpacks itself.
        weights: Number types of its weights as stored, also behind a DEQUANTIZE.
        unpacked: Those of them that a DEQUANTIZE unpacks before the operator.
    """

    floating: bool
    integer: bool
    bits: int
    hybrid: bool
    weights: tuple[str, ...]
    unpacked: tuple[str, ...]


def constant_origins(subgraph: Subgraph) -> dict[int, GraphTensor]:
    """Return, for each tensor that a DEQUANTIZE makes of a constant, that constant."""
    found = {}
    for op in subgraph.ops:
        if op.name == "DEQUANTIZE" and op.inputs and op.outputs and op.inputs[0] >= 0 and op.outputs[0] >= 0:
            source = subgraph.tensors[op.inputs[0]]
            if source.constant:
                found[op.outputs[0]] = source
    return found


def activations_of(subgraph: Subgraph, op: GraphOp, unpacked: dict[int, GraphTensor]) -> Iterator[GraphTensor]:
    """Yield what an operator reads and writes that is computed or fed, constants that were unpacked aside."""
    for index in dict.fromkeys((*op.inputs, *op.outputs)):
        if index >= 0 and not subgraph.tensors[index].constant and index not in unpacked:
            yield subgraph.tensors[index]


def kinds(subgraph: Subgraph) -> tuple[Kind, ...]:
    """Return how each operator of a subgraph computes, in order."""
    unpacked = constant_origins(subgraph)
    return tuple(_kind(subgraph, op, unpacked) for op in subgraph.ops)


def _kind(subgraph: Subgraph, op: GraphOp, unpacked: dict[int, GraphTensor]) -> Kind:
    if op.name in CONVERSIONS:
        return Kind(floating=False, integer=False, bits=0, hybrid=False, weights=(), unpacked=())
    around = list(activations_of(subgraph, op, unpacked))
    floating = any(tensor.dtype in FLOATS for tensor in around)
    widths = [16 if t.dtype == "int16" else 8 for t in around if t.dtype in QUANTIZED and t.scales]
    direct, behind = [], []
    for place, index in enumerate(op.inputs):
        if index < 0:
            continue
        tensor = subgraph.tensors[index]
        if index in unpacked:
            behind.append(unpacked[index].dtype)
        elif tensor.constant and place in WEIGHTED.get(op.name, ()):
            direct.append(tensor.dtype)
    return Kind(
        floating=floating,
        integer=bool(widths),
        bits=max(widths, default=0),
        hybrid=floating and not widths and op.name != "GATHER" and any(dtype in PACKED for dtype in direct),
        weights=(*direct, *behind),
        unpacked=tuple(behind),
    )
