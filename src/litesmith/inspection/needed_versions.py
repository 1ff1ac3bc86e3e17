"""The operator version that an operator's number types need, whatever version the file states.

A quantizer may leave version 1 on an operator whose kernel for int8 came later (litert-quantizer 0.11 does): an old
runtime then opens the file and fails when it prepares it, or computes nonsense. The rules are those by which the
converter sets versions (`tflite/converter/tools/versioning/op_version.cc` of google-ai-edge/LiteRT, commit
f67457790c9c2ab67347d6fe53270e8d3df20868), as far as number types decide. For 16-bit
activations, to which the converter gives too low a version, they are the versions under which the int16 kernels came.
All are lower bounds.
"""

from __future__ import annotations

from litesmith.core.graph import GraphOp, GraphTensor, Subgraph

_WEIGHTED: dict[str, dict[tuple[str, str], tuple[int, int]]] = {
    "CONV_2D": {
        ("int8", "int8"): (3, 3),
        ("int8", "int4"): (7, 7),
        ("int16", "int8"): (4, 4),
        ("float32", "int8"): (2, 5),
    },
    "DEPTHWISE_CONV_2D": {
        ("int8", "int8"): (3, 3),
        ("int8", "int4"): (7, 7),
        ("int16", "int8"): (5, 5),
        ("float32", "int8"): (4, 6),
    },
    "FULLY_CONNECTED": {
        ("int8", "int8"): (4, 4),
        ("int8", "int4"): (10, 10),
        ("int16", "int8"): (7, 7),
        ("int16", "int4"): (13, 13),
        ("float32", "int8"): (3, 12),
        ("float32", "int2"): (14, 14),
        ("int8", "int2"): (14, 14),
    },
}
"""By the types of input and weights: version with one scale, and with one per channel."""

_INT4 = {"CONV_2D": 7, "DEPTHWISE_CONV_2D": 7, "FULLY_CONNECTED": 10}
"""Versions that brought int4 weights at all, for combinations that have no rule of their own."""

_INT8 = {
    **dict.fromkeys(
        (
            "ADD",
            "SUB",
            "MUL",
            "AVERAGE_POOL_2D",
            "MAX_POOL_2D",
            "CONCATENATION",
            "SOFTMAX",
            "LOGISTIC",
            "TANH",
            "MEAN",
            "PAD",
            "PADV2",
            "RESIZE_BILINEAR",
            "RESIZE_NEAREST_NEIGHBOR",
            "TRANSPOSE",
            "STRIDED_SLICE",
            "SPLIT",
            "SLICE",
            "PACK",
            "UNPACK",
            "GATHER",
            "MAXIMUM",
            "MINIMUM",
            "L2_NORMALIZATION",
            "LOG_SOFTMAX",
            "SPACE_TO_BATCH_ND",
            "BATCH_TO_SPACE_ND",
            "SPACE_TO_DEPTH",
            "RELU",
            "RELU6",
            "LEAKY_RELU",
            "TRANSPOSE_CONV",
            "DEQUANTIZE",
        ),
        2,
    ),
    "SVDF": 3,
}
"""By the type of the first input."""

_INT16 = {
    "ADD": 3,
    "AVERAGE_POOL_2D": 3,
    "MAX_POOL_2D": 3,
    "CONCATENATION": 3,
    "SOFTMAX": 3,
    "LOGISTIC": 3,
    "TANH": 3,
    "MEAN": 3,
    "SUB": 5,
    "MUL": 4,
    "TRANSPOSE_CONV": 3,
}


def needed_version(subgraph: Subgraph, op: GraphOp) -> int:
    """Return the larger of the version that is stated and the one that the number types need."""
    read = [subgraph.tensors[index] if index >= 0 else None for index in op.inputs]
    first = read[0].dtype if read and read[0] is not None else ""
    weights = read[1] if len(read) > 1 else None
    implied = 0
    if op.name in _WEIGHTED and weights is not None and weights.constant:
        implied = _of_weights(op.name, first, weights)
    elif first == "int8":
        implied = _INT8.get(op.name, 0)
    elif first == "int16":
        implied = _INT16.get(op.name, 0)
    elif op.name == "DEQUANTIZE" and first == "float16":
        implied = 3
    return max(op.version, implied)


def _of_weights(name: str, first: str, weights: GraphTensor) -> int:
    plain, per_channel = _WEIGHTED[name].get((first, weights.dtype), (0, 0))
    if not plain and weights.dtype == "int4":
        return _INT4[name]
    return per_channel if weights.scales > 1 else plain
