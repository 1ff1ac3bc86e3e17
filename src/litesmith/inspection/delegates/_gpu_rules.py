"""Which operators TensorFlow Lite's GPU delegate takes, and on what conditions.

Facts from `tflite/tools/versioning/gpu_compatibility.cc` (which operators and shapes) and `IsAllAllowedTensors` in
`tflite/delegates/gpu/common/model_builder.cc` (which number types) of LiteRT, August 2026.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from litesmith.inspection.delegates import _gpu_conditions as conditions
from litesmith.inspection.delegates._gpu_conditions import FLOATS
from litesmith.inspection.op_view import OpView, Rule, first

_REFLECT = 0
_QUANTIZED = frozenset({"int8", "uint8"})
_TRUTHS = frozenset(
    {"EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL", "NOT_EQUAL", "LOGICAL_AND", "LOGICAL_OR", "LOGICAL_NOT"}
)
_EXTRA_INPUTS = {
    "CAST": {"bool", "int32"},
    "ONE_HOT": {"int32"},
    "SELECT": {"bool"},
    "SELECT_V2": {"bool"},
    "LOGICAL_AND": {"bool"},
    "GATHER": {"int32"},
}
_MOST_DIMENSIONS = 4


_pooling = first(
    conditions.counts(1),
    conditions.positive("filter_height", "filter_width", "stride_h", "stride_w"),
    conditions.activation,
)
_reduction = first(conditions.counts(1, fixed=1), conditions.fixed_axes)
_pad = first(conditions.counts(1), conditions.padding)
_spread = conditions.positive("stride_h", "stride_w", "dilation_h", "dilation_w")
_three = conditions.dimensions(3, 4)
_rules: dict[str, Rule] = {
    "ADD": conditions.broadcast,
    "ADD_N": conditions.inputs(2),
    "AVERAGE_POOL_2D": _pooling,
    "BATCH_MATMUL": conditions.inputs(2),
    "BITCAST": conditions.counts(1),
    "CAST": first(conditions.counts(1), conditions.cast),
    "CONCATENATION": conditions.always,
    "CONV_2D": first(conditions.convolution, _spread, conditions.activation),
    "CUMSUM": first(conditions.inputs(2), conditions.cumsum),
    "DENSIFY": conditions.counts(0),
    "DEPTHWISE_CONV_2D": first(conditions.convolution, _spread, conditions.activation, conditions.depthwise),
    "DEPTH_TO_SPACE": first(conditions.counts(1), conditions.block),
    "DEQUANTIZE": lambda seen: "it unpacks int16" if seen.dtype(0) == "int16" else "",
    "DIV": first(conditions.one_or_two, conditions.activation),
    "DYNAMIC_UPDATE_SLICE": conditions.update,
    "EMBEDDING_LOOKUP": first(conditions.inputs(2), conditions.lookup),
    "FULLY_CONNECTED": conditions.weights_format,
    "GATHER": first(conditions.one_or_two, conditions.gather),
    "HARD_SWISH": conditions.counts(1),
    "LEAKY_RELU": conditions.always,
    "LSTM": conditions.lstm,
    "MAX_POOL_2D": _pooling,
    "MIRROR_PAD": first(_pad, lambda seen: "it does not reflect" if seen.option("mode") != _REFLECT else ""),
    "MUL": first(conditions.broadcast, conditions.activation),
    "ONE_HOT": conditions.one_hot,
    "PACK": conditions.always,
    "PAD": _pad,
    "PADV2": _pad,
    "PRELU": conditions.always,
    "QUANTIZE": conditions.counts(1),
    "RELU": conditions.always,
    "RELU6": conditions.always,
    "RELU_N1_TO_1": conditions.always,
    "RESHAPE": conditions.counts(1),
    "RESIZE_BILINEAR": first(conditions.counts(1), conditions.resize),
    "RESIZE_NEAREST_NEIGHBOR": conditions.counts(1),
    "SELECT": conditions.select,
    "SELECT_V2": conditions.select,
    "SLICE": first(
        conditions.dimensions(3, 4), lambda seen: "" if len(seen.inputs) >= 3 else "it has less than 3 inputs"
    ),
    "SOFTMAX": lambda seen: "" if seen.option("beta", 1) == 1 else f"its beta is {seen.option('beta', 1):g}",
    "SPACE_TO_DEPTH": first(conditions.counts(1), conditions.block),
    "SPLIT": conditions.always,
    "SPLIT_V": conditions.always,
    "STRIDED_SLICE": first(conditions.masks, conditions.dimensions(3, 4)),
    "SUB": first(conditions.one_or_two, conditions.activation),
    "TILE": conditions.counts(1),
    "TOPK_V2": conditions.counts(1, outputs=2),
    "TRANSPOSE": conditions.counts(1),
    "TRANSPOSE_CONV": first(conditions.convolution, conditions.positive("stride_h", "stride_w")),
}
_rules |= dict.fromkeys(
    ("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD", "REDUCE_ALL", "REDUCE_ANY", "REVERSE_V2"), _reduction
)
_rules |= dict.fromkeys(
    (
        "ABS",
        "CEIL",
        "COS",
        "ELU",
        "EXP",
        "FLOOR",
        "GELU",
        "LOG",
        "LOGICAL_NOT",
        "LOGISTIC",
        "NEG",
        "ROUND",
        "RSQRT",
        "SIGN",
        "SIN",
        "SQRT",
        "SQUARE",
        "TANH",
    ),
    conditions.counts(1, fixed=0),
)
_rules |= dict.fromkeys(
    (
        "ATAN2",
        "EQUAL",
        "FLOOR_DIV",
        "FLOOR_MOD",
        "GREATER",
        "GREATER_EQUAL",
        "LOGICAL_AND",
        "LOGICAL_OR",
        "LESS",
        "LESS_EQUAL",
        "MAXIMUM",
        "MINIMUM",
        "NOT_EQUAL",
        "POW",
        "RIGHT_SHIFT",
        "SQUARED_DIFFERENCE",
    ),
    conditions.one_or_two,
)
_rules |= {
    "CUSTOM:Convolution2DTransposeBias": lambda seen: "" if len(seen.inputs) > 1 else "it has no weights",
    "CUSTOM:MaxPoolingWithArgmax2D": conditions.counts(1, outputs=2),
    "CUSTOM:MaxUnpooling2D": conditions.counts(2),
    "CUSTOM:Resampler": conditions.counts(2),
}
RULES: Mapping[str, Rule] = MappingProxyType(_rules)
"""Conditions by operator; the delegate has no other operators."""


def op_reason(seen: OpView) -> str:
    """Return why the delegate has no kernel for an operator as it stands; empty where it has."""
    rule = RULES.get(seen.op.name)
    return rule(seen) if rule is not None else "the GPU delegate does not have it"


def type_reason(seen: OpView) -> str:
    """Return why the tensors an operator computes on cannot be on the GPU; empty where they can."""
    takes = FLOATS | _QUANTIZED | _EXTRA_INPUTS.get(seen.op.name, set())
    gives = FLOATS | _QUANTIZED | ({"bool"} if seen.op.name in _TRUTHS else set())
    if seen.op.name == "CAST":
        gives |= {"bool", "int32"}
    for tensor in (*seen.inputs, *seen.outputs):
        if tensor is not None and len(tensor.shape) > _MOST_DIMENSIONS:
            return f"a tensor has {len(tensor.shape)} dimensions (limit {_MOST_DIMENSIONS})"
    for tensor in seen.inputs:
        if tensor is not None and not tensor.constant and tensor.dtype not in takes:
            return f"it reads {tensor.dtype}"
    return next((f"it writes {tensor.dtype}" for tensor in seen.outputs if tensor.dtype not in gives), "")
