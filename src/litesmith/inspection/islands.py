"""Float islands: runs of operators inside a quantized model that compute in float."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from litesmith.core.audit import Island
from litesmith.core.graph import Graph, GraphOp, GraphTensor, Subgraph
from litesmith.core.op_ref import OpRef
from litesmith.inspection.number_types import MOVES, WEIGHTED, Kind, constant_origins, kinds
from litesmith.runtime.storage import storage_bits

NO_INT8 = frozenset(
    {
        "SIN",
        "COS",
        "SQUARE",
        "FLOOR",
        "CEIL",
        "ROUND",
        "SIGN",
        "LOCAL_RESPONSE_NORMALIZATION",
        "ZEROS_LIKE",
        "POW",
        "ATAN2",
        "ADD_N",
        "CUMSUM",
        "CONV_3D",
        "CONV_3D_TRANSPOSE",
        "L2_POOL_2D",
        "RFFT2D",
        "REAL",
        "IMAG",
        "COMPLEX_ABS",
        "MULTINOMIAL",
        "RANDOM_UNIFORM",
        "RANDOM_STANDARD_NORMAL",
        "NON_MAX_SUPPRESSION_V4",
        "NON_MAX_SUPPRESSION_V5",
        "BIDIRECTIONAL_SEQUENCE_LSTM",
        "RNN",
        "UNIDIRECTIONAL_SEQUENCE_RNN",
        "BIDIRECTIONAL_SEQUENCE_RNN",
    }
)
"""Operators without a kernel for int8 activations. Those up to CUMSUM were run with int8 tensors on ai-edge-litert
2.3.0 and refused. The others were not run; the type checks of a few were read in `tflite/kernels/` of
google-ai-edge/LiteRT, commit f67457790c9c2ab67347d6fe53270e8d3df20868. An operator that is left float for its rank or
for another of its types is not told from one that the quantizer left."""
NO_INT16 = NO_INT8 | {
    "ELU",
    "RELU_N1_TO_1",
    "RELU_0_TO_1",
    "LOG_SOFTMAX",
    "L2_NORMALIZATION",
    "HARD_SWISH",
    "SQUARED_DIFFERENCE",
}
"""The same for int16 activations; the added ones were refused by ai-edge-litert 2.3.0 too."""


def islands(graph: Graph, layers: Mapping[int, tuple[str, ...]]) -> tuple[Island, ...]:
    """Return the float islands of a quantized model, in the order they run; none of a float model.

    Operators belong together when they share a float activation. A QUANTIZE behind a float input and a DEQUANTIZE
    before a float output are the interface and no islands; nor is a DEQUANTIZE of a constant.
    """
    every = {subgraph.index: kinds(subgraph) for subgraph in graph.subgraphs}
    bits = max((kind.bits for found in every.values() for kind in found), default=0)
    if not bits:
        return ()
    return tuple(
        _island(subgraph, members, every[subgraph.index], layers[subgraph.index], bits)
        for subgraph in graph.subgraphs
        for members in _runs(subgraph, every[subgraph.index])
    )


def converted_ends(graph: Graph) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the float inputs that a QUANTIZE takes up, and the float outputs that a DEQUANTIZE makes, by name."""
    main = graph.main
    taken = {op.inputs[0] for op in main.ops if op.name == "QUANTIZE" and op.inputs}
    made = {op.outputs[0] for op in main.ops if op.name == "DEQUANTIZE" and op.outputs}
    return (
        tuple(main.tensors[i].name for i in main.inputs if i in taken and main.tensors[i].dtype == "float32"),
        tuple(main.tensors[i].name for i in main.outputs if i in made),
    )


def _runs(subgraph: Subgraph, found: Sequence[Kind]) -> list[list[GraphOp]]:
    """Return the float operators, those together that float activations connect."""
    unpacked = constant_origins(subgraph)
    parent: dict[int, int] = {op.index: op.index for op in subgraph.ops if found[op.index].floating}

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    seen: dict[int, int] = {}
    for index in parent:
        op = subgraph.ops[index]
        for tensor in (*op.inputs, *op.outputs):
            if tensor < 0 or tensor in unpacked or not _is_float_activation(subgraph.tensors[tensor]):
                continue
            if tensor in seen:
                parent[root(index)] = root(seen[tensor])
            else:
                seen[tensor] = index
    groups: dict[int, list[GraphOp]] = {}
    for index in parent:
        groups.setdefault(root(index), []).append(subgraph.ops[index])
    return sorted(groups.values(), key=lambda ops: ops[0].index)


def _is_float_activation(tensor: GraphTensor) -> bool:
    return not tensor.constant and tensor.dtype in ("float32", "float16", "bfloat16", "float64")


def _island(
    subgraph: Subgraph, members: Sequence[GraphOp], found: Sequence[Kind], names: Sequence[str], bits: int
) -> Island:
    reads = {index for op in members for index in op.inputs if index >= 0}
    writes = {index for op in members for index in op.outputs if index >= 0}
    into, out = [], []
    for op in subgraph.ops:
        if op.name == "DEQUANTIZE" and reads.intersection(op.outputs):
            if not (op.inputs and op.inputs[0] >= 0 and subgraph.tensors[op.inputs[0]].constant):
                into.append(op)
        elif op.name == "QUANTIZE" and writes.intersection(op.inputs):
            out.append(op)
    moved = sum(_bytes(subgraph, index) for op in (*into, *out) for index in (*op.inputs, *op.outputs) if index >= 0)
    return Island(
        ops=tuple(OpRef(subgraph=subgraph.index, index=op.index, op=op.name, layer=names[op.index]) for op in members),
        layers=tuple(dict.fromkeys(names[op.index] for op in members)),
        why="; ".join(_reasons(members, found, bits)),
        quantize=len(out),
        dequantize=len(into),
        converted_bytes=moved,
    )


def _bytes(subgraph: Subgraph, index: int) -> int:
    """Return a tensor's size; a dimension that is dynamic counts as one."""
    tensor = subgraph.tensors[index]
    count = 1
    for size in tensor.shape:
        count *= max(size, 1)
    return (count * storage_bits(tensor.dtype) + 7) // 8


def _reasons(members: Sequence[GraphOp], found: Sequence[Kind], bits: int) -> list[str]:
    """Return why the operators stayed float, each reason once with the operators it is about."""
    grouped: dict[str, list[str]] = {}
    for op in members:
        reason = _reason(op, found[op.index], bits)
        if reason:
            grouped.setdefault(reason, []).append(op.name)
    texts = [f"{', '.join(dict.fromkeys(names))}: {reason}" for reason, names in grouped.items()]
    return texts or ["only moves numbers that are float already"]


def _reason(op: GraphOp, kind: Kind, bits: int) -> str:
    """Return why one operator stayed float; empty where it only passes on what others made."""
    width = "int16" if bits == 16 else "int8"
    without = NO_INT16 if bits == 16 else NO_INT8
    reasons = (
        (op.name.startswith("CUSTOM:Flex"), "TensorFlow's own operator; it computes in float"),
        (op.name.startswith("CUSTOM:"), "a custom operator; nothing says that its kernel takes integers"),
        (op.name in without, f"LiteRT has no {width} kernel for it"),
        (kind.hybrid, "its weights are integers, but its activations are float (dynamic range)"),
        (
            bool(kind.weights) and op.name in WEIGHTED,
            f"LiteRT has an {width} kernel for it, but its weights are {', '.join(dict.fromkeys(kind.weights))}: "
            "it was left out of quantization",
        ),
        (op.name in MOVES, ""),
        (bool(op.calls), "it passes float values to the subgraphs it runs"),
    )
    otherwise = "it was left float: by the recipe, or for want of a range of its tensors"
    return next((text for applies, text in reasons if applies), otherwise)
