"""What the Edge TPU compiler is likely to take, by Litesmith's table.

Facts from "TensorFlow models on the Edge TPU" (https://coral.ai/docs/edgetpu/models-intro/), runtime version 14. Only
edgetpu_compiler decides: some operators are left out for sizes that are documented nowhere. The table was written from
an older copy of that page and never held against the compiler; its newest rows are unchecked.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from litesmith.core.delegates import DelegateUse, How
from litesmith.core.graph import Subgraph
from litesmith.core.probe import Probe
from litesmith.inspection.delegate import Delegate, Layers, refusals
from litesmith.inspection.op_view import OpView, Rule, axes, elements, first, view
from litesmith.inspection.partition import partitions
from litesmith.runtime.flatbuffer import ModelFile

VERSION = "Edge TPU runtime 14"
_MOST_SOFTMAX = 16_000
_DEPTH_STEP = 4
_INNERMOST = 3
_TYPES = frozenset({"int8", "uint8"})
_BEHIND = "it comes after the first operator that is not supported, and the compiler makes one piece"


def _always(seen: OpView) -> str:
    del seen
    return ""


def _plain(seen: OpView) -> str:
    return "it has a fused activation" if seen.option("fused_activation") else ""


def _concatenation(seen: OpView) -> str:
    constants = [tensor for tensor in seen.inputs if tensor is not None and tensor.constant]
    if constants and len(seen.inputs) != 2:
        return "it joins a constant with more than one tensor"
    return _plain(seen)


def _convolution(seen: OpView) -> str:
    if not all(seen.constant(place) for place in range(1, len(seen.inputs)) if seen.input(place) is not None):
        return "its weights or bias are computed"
    across, down = seen.option("dilation_w", 1), seen.option("dilation_h", 1)
    return "" if across == down else f"its dilations differ: {across:g} and {down:g}"


def _connected(seen: OpView) -> str:
    if seen.option("weights_format"):
        return "its weights are shuffled"
    made = seen.outputs[0].shape if seen.outputs else ()
    return "" if sum(1 for size in made if size not in (1, -1)) <= 1 else f"its output is {list(made)}, not one row"


def _not_batch(seen: OpView) -> str:
    found = axes(seen)
    if found is None:
        return "its axes are not constant"
    return "it reduces the batch" if 0 in found and len(seen.shape(0)) > 1 else ""


def _mean(seen: OpView) -> str:
    rank, depth = len(seen.shape(0)), seen.shape(0)[-1] if seen.shape(0) else 0
    over_depth = rank > 1 and rank - 1 in (axes(seen) or ())
    return f"it reduces a depth of {depth}, no multiple of {_DEPTH_STEP}" if over_depth and depth % _DEPTH_STEP else ""


def _padding(seen: OpView) -> str:
    amounts = seen.numbers(1)
    if amounts is None:
        return "its paddings are not constant"
    return "it pads the batch" if len(amounts) == 8 and any(amounts[:2]) else ""


def _softmax(seen: OpView) -> str:
    shape = seen.shape(0)
    if sum(1 for size in shape if size not in (1, -1)) > 1:
        return f"its input is {list(shape)}, not one row"
    return "" if elements(shape) <= _MOST_SOFTMAX else f"it has {elements(shape)} elements (limit {_MOST_SOFTMAX})"


def _strides(seen: OpView) -> str:
    if set(seen.numbers(3) or (0,)) != {1}:
        return "its strides are not 1"
    masked = seen.option("ellipsis_mask") or seen.option("new_axis_mask")
    return "it has an ellipsis or new axis mask" if masked else ""


def _image(seen: OpView) -> str:
    shape = seen.shape(0)
    return "" if len(shape) <= 4 and shape[:1] in ((1,), (-1,)) else f"its input is {list(shape)}, not one image"


def _packing(seen: OpView) -> str:
    return "it packs the batch" if seen.option("axis") == 0 and len(seen.shape(0)) > 1 else ""


def _slope(seen: OpView) -> str:
    return "" if all(size == 1 for size in seen.shape(1)[:-1]) else "its slopes differ across height or width"


_rules: dict[str, Rule] = dict.fromkeys(
    (
        "ADD",
        "EXPAND_DIMS",
        "L2_NORMALIZATION",
        "LOGISTIC",
        "MAXIMUM",
        "MINIMUM",
        "MUL",
        "QUANTIZE",
        "RELU",
        "RELU6",
        "RELU_N1_TO_1",
        "RESHAPE",
        "RSQRT",
        "SLICE",
        "SPACE_TO_DEPTH",
        "SPLIT",
        "SQUARED_DIFFERENCE",
        "SQUEEZE",
        "SUB",
        "TANH",
        "TRANSPOSE",
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
    ),
    _always,
)
_rules |= {
    "AVERAGE_POOL_2D": _plain,
    "MAX_POOL_2D": _plain,
    "CONCATENATION": _concatenation,
    "CONV_2D": _convolution,
    "DEPTHWISE_CONV_2D": _convolution,
    "TRANSPOSE_CONV": _always,
    "FULLY_CONNECTED": _connected,
    "MEAN": first(_not_batch, _mean),
    "SUM": _not_batch,
    "REDUCE_MAX": _not_batch,
    "REDUCE_MIN": _not_batch,
    "PACK": _packing,
    "PAD": _padding,
    "PRELU": _slope,
    "RESIZE_BILINEAR": _image,
    "RESIZE_NEAREST_NEIGHBOR": _image,
    "SOFTMAX": _softmax,
    "STRIDED_SLICE": _strides,
}
RULES: Mapping[str, Rule] = MappingProxyType(_rules)
"""Conditions by operator; the compiler takes no other operators."""


def use(file: ModelFile, layers: Layers, probe: Probe | None) -> DelegateUse:
    """Return what the compiler is likely to take of the first subgraph: one piece, from the inputs on."""
    del probe
    subgraph = file.graph.main
    reasons = {op.index: reason for op in subgraph.ops if (reason := _reason(view(file, subgraph, op)))}
    pieces = partitions(subgraph, {op.index for op in subgraph.ops} - set(reasons))[:1]
    taken = {index for piece in pieces for index in piece.ops}
    behind = {op.index: _BEHIND for op in subgraph.ops if op.index not in taken and op.index not in reasons}
    return DelegateUse(
        delegate="Edge TPU",
        how=How.TABLE,
        version=VERSION,
        taken=len(taken),
        ops=len(subgraph.ops),
        partitions=pieces,
        refusals=refusals(subgraph, layers, reasons | behind),
        note=_note(subgraph),
    )


def _note(subgraph: Subgraph) -> str:
    ends = "" if all(subgraph.tensors[i].dtype in _TYPES for i in subgraph.inputs) else "its inputs are not integers; "
    return ends + "a table: only edgetpu_compiler decides, and it also leaves out operators by size"


def _reason(seen: OpView) -> str:
    rule = RULES.get(seen.op.name)
    if rule is None:
        return "the Edge TPU does not have it"
    for tensor in (*seen.inputs, *seen.outputs):
        if tensor is None or tensor.constant:
            continue
        if tensor.dtype not in _TYPES:
            return f"it computes on {tensor.dtype}, not on 8-bit integers"
        if any(size < 0 for size in tensor.shape):
            return "a size is dynamic"
        if any(size > 1 for size in tensor.shape[:-_INNERMOST]):
            return f"a tensor is {list(tensor.shape)}: only the {_INNERMOST} innermost dimensions may exceed 1"
    return rule(seen)


PLUGIN = Delegate(name="edge_tpu", summary="Coral Edge TPU, behind its compiler", use=use)
