"""What XNNPACK takes, as it was measured, and why not the rest, as far as its documentation tells.

Conditions: `tflite/delegates/xnnpack/README.md` and `xnnpack_delegate.cc` of LiteRT, August 2026.
"""

from __future__ import annotations

from litesmith.core.delegates import DelegateUse, How
from litesmith.core.probe import Probe
from litesmith.inspection.delegate import Delegate, Layers, refusals
from litesmith.inspection.op_view import OpView, axes, first, view
from litesmith.runtime.flatbuffer import ModelFile

_FLOAT = frozenset(
    (
        "ABS",
        "ADD",
        "AVERAGE_POOL_2D",
        "BATCH_MATMUL",
        "CEIL",
        "CONCATENATION",
        "CONV_2D",
        "COS",
        "DEPTH_TO_SPACE",
        "DEPTHWISE_CONV_2D",
        "DEQUANTIZE",
        "DIV",
        "ELU",
        "EXP",
        "EXPAND_DIMS",
        "FLOOR",
        "FULLY_CONNECTED",
        "GELU",
        "HARD_SWISH",
        "LEAKY_RELU",
        "LOG",
        "LOGISTIC",
        "MAX_POOL_2D",
        "MAXIMUM",
        "MEAN",
        "MINIMUM",
        "MUL",
        "NEG",
        "PAD",
        "PRELU",
        "QUANTIZE",
        "RELU",
        "RELU6",
        "RELU_N1_TO_1",
        "RESHAPE",
        "RESIZE_BILINEAR",
        "ROUND",
        "RSQRT",
        "SIN",
        "SLICE",
        "SOFTMAX",
        "SPACE_TO_DEPTH",
        "SPLIT",
        "SQRT",
        "SQUARE",
        "SQUARED_DIFFERENCE",
        "STRIDED_SLICE",
        "SUB",
        "SUM",
        "TANH",
        "TRANSPOSE",
        "TRANSPOSE_CONV",
    )
)
_QUANTIZED = frozenset(
    (
        "ADD",
        "CONCATENATION",
        "CONV_2D",
        "DEPTH_TO_SPACE",
        "DEPTHWISE_CONV_2D",
        "DEQUANTIZE",
        "ELU",
        "FULLY_CONNECTED",
        "LEAKY_RELU",
        "LOGISTIC",
        "MAX_POOL_2D",
        "MEAN",
        "MUL",
        "PAD",
        "QUANTIZE",
        "RESHAPE",
        "RESIZE_BILINEAR",
        "SLICE",
        "SPACE_TO_DEPTH",
        "SPLIT",
        "STRIDED_SLICE",
        "SUB",
        "SUM",
        "TANH",
        "TRANSPOSE",
        "TRANSPOSE_CONV",
        "EXPAND_DIMS",
        "BATCH_MATMUL",
    )
)
_INTEGERS = frozenset({"int8", "uint8", "int4", "int2"})
_WEIGHTED = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV"})
_MIXED = frozenset({"CONV_2D", "FULLY_CONNECTED", "BATCH_MATMUL"})
_FUSED = {4: "TANH", 5: "SIGN_BIT"}
_FIXED_SECOND = frozenset({"MEAN", "SUM", "PAD", "TRANSPOSE", "RESIZE_BILINEAR", "SLICE", "STRIDED_SLICE"})
_MOST_PIECES = 4


def use(file: ModelFile, layers: Layers, probe: Probe | None) -> DelegateUse:
    """Return what XNNPACK took of the first subgraph when the model was prepared."""
    subgraph = file.graph.main
    if probe is None or probe.partitions is None:
        return DelegateUse(
            delegate="XNNPACK",
            how=How.NOTHING,
            version=f"LiteRT {probe.runtime_version}" if probe is not None and probe.runtime_version else "",
            taken=0,
            ops=len(subgraph.ops),
            partitions=(),
            refusals=(),
            note=(probe.note if probe is not None else "") or "the model was not run",
        )
    taken = {index for piece in probe.partitions for index in piece.ops}
    reasons = {op.index: _reason(view(file, subgraph, op)) for op in subgraph.ops if op.index not in taken}
    return DelegateUse(
        delegate="XNNPACK",
        how=How.MEASURED,
        version=f"LiteRT {probe.runtime_version}",
        taken=len(taken),
        ops=len(subgraph.ops),
        partitions=probe.partitions,
        refusals=refusals(subgraph, layers, reasons),
        note=f"measured on this computer ({probe.machine}); other processors may differ in details",
    )


def _reason(seen: OpView) -> str:
    """Return why XNNPACK leaves an operator, as far as its documentation tells; else empty."""
    name = seen.op.name
    computed = [t for t in (*seen.inputs, *seen.outputs) if t is not None and not t.constant]
    quantized = any(tensor.dtype in _INTEGERS for tensor in computed)
    other = next((t.dtype for t in computed if t.dtype != "float32" and t.dtype not in _INTEGERS), "")
    if name not in _FLOAT:
        return "XNNPACK does not have it"
    if other:
        return f"it computes on {other}"
    if quantized and name not in _QUANTIZED:
        return "XNNPACK has it for floats only"
    if name not in _MIXED and seen.dtype(1) in _INTEGERS and seen.constant(1) and seen.dtype(0) == "float32":
        return f"it reads floats with {seen.dtype(1)} weights"
    return first(_fused, _computed, _reduced, _pieces, _options, _dynamic)(seen)


def _fused(seen: OpView) -> str:
    fused = _FUSED.get(int(seen.option("fused_activation")))
    return f"its fused activation is {fused}" if fused else ""


def _computed(seen: OpView) -> str:
    if seen.op.name in _WEIGHTED and not seen.constant(1):
        return "its weights are computed"
    return "its second input is computed" if seen.op.name in _FIXED_SECOND and not seen.constant(1) else ""


def _reduced(seen: OpView) -> str:
    found = axes(seen) or ()
    off = seen.op.name in {"MEAN", "SUM"} and len(seen.shape(0)) == 4 and set(found) not in ({1, 2}, {2})
    return f"it reduces axes {list(found)}, not height and width" if off else ""


def _pieces(seen: OpView) -> str:
    many = seen.op.name in {"CONCATENATION", "SPLIT"} and max(len(seen.inputs), len(seen.outputs)) > _MOST_PIECES
    return f"it joins or splits more than {_MOST_PIECES} tensors" if many else ""


def _options(seen: OpView) -> str:
    if seen.op.name == "SOFTMAX" and seen.option("beta", 1) != 1:
        return f"its beta is {seen.option('beta'):g}"
    masked = any(seen.option(f"{kind}_mask") for kind in ("ellipsis", "new_axis", "shrink_axis"))
    return "it adds or drops dimensions" if seen.op.name == "STRIDED_SLICE" and masked else ""


def _dynamic(seen: OpView) -> str:
    """Return whether a size is found only while running: an input that decides the shape is computed."""
    reshapes = seen.op.name == "RESHAPE" and seen.input(1) is not None and not seen.constant(1)
    if reshapes:
        return "the size of its output is found only while running"
    dynamic = any(size < 0 for tensor in seen.outputs for size in tensor.shape)
    return "a size is dynamic" if dynamic else ""


PLUGIN = Delegate(name="xnnpack", summary="XNNPACK, which the runtime uses on the CPU by itself", use=use)
