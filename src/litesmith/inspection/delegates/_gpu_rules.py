"""Which operators TensorFlow Lite's GPU delegate takes, and on what conditions.

Facts from `tflite/tools/versioning/gpu_compatibility.cc` (which operators and shapes) and `IsAllAllowedTensors` in
`tflite/delegates/gpu/common/model_builder.cc` (which number types) of LiteRT, August 2026.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from litesmith.inspection.op_view import OpView, Rule, first

_SIGN_BIT = 5
_REFLECT = 0
_SHUFFLED = 1
_FLOATS = frozenset({"float32", "float16"})
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


def _always(seen: OpView) -> str:
    del seen
    return ""


def _counts(fed: int, outputs: int = 1, fixed: int | None = None) -> Rule:
    def rule(seen: OpView) -> str:
        if seen.fed != fed:
            return f"it has {seen.fed} computed inputs instead of {fed}"
        if fixed is not None and seen.fixed != fixed:
            return f"it has {seen.fixed} constant inputs instead of {fixed}"
        return "" if len(seen.outputs) == outputs else f"it has {len(seen.outputs)} outputs instead of {outputs}"

    return rule


def _inputs(*numbers: int) -> Rule:
    names = " or ".join(map(str, numbers))
    return lambda seen: "" if len(seen.inputs) in numbers else f"it has {len(seen.inputs)} inputs instead of {names}"


def _one_or_two(seen: OpView) -> str:
    fits = (seen.fed, seen.fixed) in {(2, 0), (1, 1)} and len(seen.outputs) == 1
    return "" if fits else "it does not have two inputs of which at least one is computed"


def _activation(seen: OpView) -> str:
    return "its fused activation is SIGN_BIT" if seen.option("fused_activation") == _SIGN_BIT else ""


def _positive(*names: str) -> Rule:
    def rule(seen: OpView) -> str:
        wrong = next((name for name in names if seen.option(name, 1) <= 0), "")
        return f"its {wrong} is {seen.option(wrong):g}" if wrong else ""

    return rule


def _convolution(seen: OpView) -> str:
    if seen.fed > 2:
        return f"it has {seen.fed} computed inputs (limit 2)"
    return "" if len(seen.outputs) == 1 else f"it has {len(seen.outputs)} outputs instead of 1"


def _depthwise(seen: OpView) -> str:
    read, weights = seen.shape(0), seen.shape(1)
    made = seen.outputs[0].shape if seen.outputs else ()
    if not len(read) == len(weights) == len(made) == 4:
        return "input, weights and output do not all have 4 dimensions"
    multiplier = int(seen.option("depth_multiplier", 1))
    if weights[3] != made[3] or made[3] != read[3] * multiplier:
        return "its channels do not fit its depth multiplier"
    return f"its depth multiplier is {multiplier} on {read[3]} channels" if multiplier != 1 and read[3] != 1 else ""


def _broadcast(seen: OpView) -> str:
    if len(seen.inputs) != 2:
        return f"it has {len(seen.inputs)} inputs instead of 2"
    one, other = seen.shape(0), seen.shape(1)
    if min(len(one), len(other)) < 2 or len(one) == len(other):
        return ""
    fits = all(a == b or 1 in (a, b) for a, b in zip(reversed(one), reversed(other), strict=False))
    return "" if fits else f"it broadcasts {list(one)} with {list(other)}"


def _fixed_axes(seen: OpView) -> str:
    return "" if seen.constant(1) and seen.dtype(1) == "int32" else "its axes are not constant int32"


def _block(seen: OpView) -> str:
    size = seen.option("block_size")
    return "" if size > 1 else f"its block size is {size:g}"


def _dimensions(*numbers: int) -> Rule:
    def rule(seen: OpView) -> str:
        rank = len(seen.shape(0))
        return "" if rank in numbers else f"its input has {rank} dimensions instead of {' or '.join(map(str, numbers))}"

    return rule


def _masks(seen: OpView) -> str:
    wrong = next((n for n in ("ellipsis_mask", "new_axis_mask", "shrink_axis_mask") if seen.option(n)), "")
    if wrong:
        return f"it has a {wrong.replace('_', ' ')}"
    return "" if len(seen.inputs) >= 4 else f"it has {len(seen.inputs)} inputs instead of 4"


def _padding(seen: OpView) -> str:
    amounts = seen.shape(1)
    return "" if amounts in {(3, 2), (4, 2)} else f"its paddings are {list(amounts)} instead of [3, 2] or [4, 2]"


def _cast(seen: OpView) -> str:
    before, after = seen.dtype(0), seen.outputs[0].dtype if seen.outputs else ""
    fits = (
        (before == "bool" and after in _FLOATS)
        or (before in _FLOATS and after == "bool")
        or (before in {"float32", "int32"} and after in {"float32", "int32"})
    )
    return "" if fits else f"it casts {before} to {after}"


def _gather(seen: OpView) -> str:
    if len(seen.shape(1)) != 1:
        return f"its indices have {len(seen.shape(1))} dimensions instead of 1"
    return "" if seen.dtype(1) == "int32" else f"its indices are {seen.dtype(1)} instead of int32"


def _select(seen: OpView) -> str:
    if len(seen.inputs) != 3 or len(seen.outputs) != 1:
        return "it does not have three inputs and one output"
    made = seen.outputs[0].shape
    for place in (1, 2):
        shape = seen.shape(place)
        if shape and shape != made and (len(shape) > 1 or shape[0] > 1):
            return "what it selects from has neither the output's shape nor one element"
        if len(shape) == 2 and not seen.constant(place):
            return "what it selects from has 2 dimensions and is computed"
    return ""


def _lstm(seen: OpView) -> str:
    return "" if len(seen.inputs) in {5, 20, 24} else f"it has {len(seen.inputs)} inputs instead of 5, 20 or 24"


def _cumsum(seen: OpView) -> str:
    fits = seen.dtype(0) in _FLOATS and seen.dtype(1) == "int32" and seen.constant(1)
    return "" if fits else "its input is no float or its axis no constant int32"


def _one_hot(seen: OpView) -> str:
    fits = len(seen.inputs) == 4 and seen.dtype(0) == "int32" and seen.constant(2) and seen.constant(3)
    if not fits or any(seen.dtype(place) != "float32" for place in (2, 3)):
        return "its indices are not int32, or its values no float constants"
    long = [size for place, size in enumerate(seen.shape(0)[:-1]) if not (place == 0 and len(seen.shape(0)) > 3)]
    return "" if all(size == 1 for size in long) else "its indices have more than batch and channels"


def _update(seen: OpView) -> str:
    if len(seen.inputs) != 3 or seen.dtype(0) != seen.dtype(1) or len(seen.shape(0)) != len(seen.shape(1)):
        return "its operand and update differ in type or dimensions"
    return "" if len(seen.shape(2)) == 1 and seen.dtype(2) == "int32" else "its start is no int32 vector"


def _lookup(seen: OpView) -> str:
    if len(seen.shape(0)) != 1 or len(seen.shape(1)) < 2:
        return "its indices are no vector, or its table has no columns"
    return "" if seen.dtype(1) in {"int8", "int4", "int2", "float32"} else f"its table is {seen.dtype(1)}"


def _resize(seen: OpView) -> str:
    both = seen.option("align_corners") and seen.option("half_pixel_centers")
    return "it has both align_corners and half_pixel_centers" if both else ""


def _weights_format(seen: OpView) -> str:
    if seen.option("weights_format") == _SHUFFLED:
        return "its weights are shuffled"
    if seen.fed > 2 or seen.constant(0):
        return "its input is constant, or it has more than 2 computed inputs"
    if seen.option("keep_num_dims") and seen.outputs and len(seen.shape(0)) != len(seen.outputs[0].shape):
        return "it keeps dimensions that input and output do not share"
    return ""


_pooling = first(_counts(1), _positive("filter_height", "filter_width", "stride_h", "stride_w"), _activation)
_reduction = first(_counts(1, fixed=1), _fixed_axes)
_pad = first(_counts(1), _padding)
_spread = ("stride_h", "stride_w", "dilation_h", "dilation_w")
_rules: dict[str, Rule] = {
    "ADD": _broadcast,
    "ADD_N": _inputs(2),
    "AVERAGE_POOL_2D": _pooling,
    "BATCH_MATMUL": _inputs(2),
    "BITCAST": _counts(1),
    "CAST": first(_counts(1), _cast),
    "CONCATENATION": _always,
    "CONV_2D": first(_convolution, _positive(*_spread), _activation),
    "CUMSUM": first(_inputs(2), _cumsum),
    "DENSIFY": _counts(0),
    "DEPTHWISE_CONV_2D": first(_convolution, _positive(*_spread), _activation, _depthwise),
    "DEPTH_TO_SPACE": first(_counts(1), _block),
    "DEQUANTIZE": lambda seen: "it unpacks int16" if seen.dtype(0) == "int16" else "",
    "DIV": first(_one_or_two, _activation),
    "DYNAMIC_UPDATE_SLICE": _update,
    "EMBEDDING_LOOKUP": first(_inputs(2), _lookup),
    "FULLY_CONNECTED": _weights_format,
    "GATHER": first(_one_or_two, _gather),
    "HARD_SWISH": _counts(1),
    "LEAKY_RELU": _always,
    "LSTM": _lstm,
    "MAX_POOL_2D": _pooling,
    "MIRROR_PAD": first(_pad, lambda seen: "it does not reflect" if seen.option("mode") != _REFLECT else ""),
    "MUL": first(_broadcast, _activation),
    "ONE_HOT": _one_hot,
    "PACK": _always,
    "PAD": _pad,
    "PADV2": _pad,
    "PRELU": _always,
    "QUANTIZE": _counts(1),
    "RELU": _always,
    "RELU6": _always,
    "RELU_N1_TO_1": _always,
    "RESHAPE": _counts(1),
    "RESIZE_BILINEAR": first(_counts(1), _resize),
    "RESIZE_NEAREST_NEIGHBOR": _counts(1),
    "SELECT": _select,
    "SELECT_V2": _select,
    "SLICE": first(_dimensions(3, 4), lambda seen: "" if len(seen.inputs) >= 3 else "it has less than 3 inputs"),
    "SOFTMAX": lambda seen: "" if seen.option("beta", 1) == 1 else f"its beta is {seen.option('beta', 1):g}",
    "SPACE_TO_DEPTH": first(_counts(1), _block),
    "SPLIT": _always,
    "SPLIT_V": _always,
    "STRIDED_SLICE": first(_masks, _dimensions(3, 4)),
    "SUB": first(_one_or_two, _activation),
    "TILE": _counts(1),
    "TOPK_V2": _counts(1, outputs=2),
    "TRANSPOSE": _counts(1),
    "TRANSPOSE_CONV": first(_convolution, _positive("stride_h", "stride_w")),
}
_rules |= dict.fromkeys(
    ("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD", "REDUCE_ALL", "REDUCE_ANY", "REVERSE_V2"), _reduction
)
_rules |= dict.fromkeys(
    ("ABS", "CEIL", "COS", "ELU", "EXP", "FLOOR", "GELU", "LOG", "LOGICAL_NOT", "LOGISTIC", "NEG", "ROUND", "RSQRT")
    + ("SIGN", "SIN", "SQRT", "SQUARE", "TANH"),
    _counts(1, fixed=0),
)
_rules |= dict.fromkeys(
    ("ATAN2", "EQUAL", "FLOOR_DIV", "FLOOR_MOD", "GREATER", "GREATER_EQUAL", "LOGICAL_AND", "LOGICAL_OR", "LESS")
    + ("LESS_EQUAL", "MAXIMUM", "MINIMUM", "NOT_EQUAL", "POW", "RIGHT_SHIFT", "SQUARED_DIFFERENCE"),
    _one_or_two,
)
_rules |= {
    "CUSTOM:Convolution2DTransposeBias": lambda seen: "" if len(seen.inputs) > 1 else "it has no weights",
    "CUSTOM:MaxPoolingWithArgmax2D": _counts(1, outputs=2),
    "CUSTOM:MaxUnpooling2D": _counts(2),
    "CUSTOM:Resampler": _counts(2),
}
RULES: Mapping[str, Rule] = MappingProxyType(_rules)
"""Conditions by operator; the delegate has no other operators."""


def op_reason(seen: OpView) -> str:
    """Return why the delegate has no kernel for an operator as it stands; empty where it has."""
    rule = RULES.get(seen.op.name)
    return rule(seen) if rule is not None else "the GPU delegate does not have it"


def type_reason(seen: OpView) -> str:
    """Return why the tensors an operator computes on cannot be on the GPU; empty where they can."""
    takes = _FLOATS | _QUANTIZED | _EXTRA_INPUTS.get(seen.op.name, set())
    gives = _FLOATS | _QUANTIZED | ({"bool"} if seen.op.name in _TRUTHS else set())
    if seen.op.name == "CAST":
        gives |= {"bool", "int32"}
    for tensor in (*seen.inputs, *seen.outputs):
        if tensor is not None and len(tensor.shape) > _MOST_DIMENSIONS:
            return f"a tensor has {len(tensor.shape)} dimensions (limit {_MOST_DIMENSIONS})"
    for tensor in seen.inputs:
        if tensor is not None and not tensor.constant and tensor.dtype not in takes:
            return f"it reads {tensor.dtype}"
    return next((f"it writes {tensor.dtype}" for tensor in seen.outputs if tensor.dtype not in gives), "")
