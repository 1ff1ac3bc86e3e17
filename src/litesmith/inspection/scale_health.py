"""Health of scales and zero points: what the specification of 8-bit quantization demands of them.

https://ai.google.dev/edge/litert/models/quantization_spec; the 16-bit values are those of the reference kernels.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from litesmith.core.graph import GraphOp, GraphTensor, Subgraph
from litesmith.core.results import Severity
from litesmith.inspection.symptom import Finding, Symptom
from litesmith.inspection.weight_health import CHANNEL_AXIS
from litesmith.runtime.flatbuffer import ModelFile

_QUANTIZED = frozenset({"int8", "uint8", "int16"})
_CLOSE = 1e-3
_EQUAL = 1e-6
_MOST_RATIO = 2.0
_DEAD_SPAN = 2.5e-5
_BIAS = 2
_BIAS_PLACES = {"CONV_2D": _BIAS, "DEPTHWISE_CONV_2D": _BIAS, "FULLY_CONNECTED": _BIAS, "TRANSPOSE_CONV": 3}
_DATA_PLACES = {"TRANSPOSE_CONV": 2}
_FIXED = {
    ("LOGISTIC", "int8"): (1 / 256, -128),
    ("LOGISTIC", "uint8"): (1 / 256, 0),
    ("LOGISTIC", "int16"): (1 / 32768, 0),
    ("SOFTMAX", "int8"): (1 / 256, -128),
    ("SOFTMAX", "uint8"): (1 / 256, 0),
    ("SOFTMAX", "int16"): (1 / 32768, 0),
    ("TANH", "int8"): (1 / 128, 0),
    ("TANH", "uint8"): (1 / 128, 128),
    ("TANH", "int16"): (1 / 32768, 0),
    ("L2_NORMALIZATION", "int8"): (1 / 128, 0),
    ("L2_NORMALIZATION", "uint8"): (1 / 128, 128),
    ("LOG_SOFTMAX", "int8"): (16 / 256, 127),
}
"""Scale and zero point of outputs whose range is known."""
_SAME = {
    **dict.fromkeys(
        ("AVERAGE_POOL_2D", "MAX_POOL_2D", "RESHAPE", "RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR", "SPACE_TO_DEPTH"),
        (0,),
    ),
    **dict.fromkeys(("PAD", "PADV2", "MIRROR_PAD", "GATHER", "GATHER_ND", "BATCH_TO_SPACE_ND", "TRANSPOSE"), (0,)),
    **dict.fromkeys(("SPACE_TO_BATCH_ND", "SQUEEZE", "EXPAND_DIMS", "SLICE", "STRIDED_SLICE", "TILE"), (0,)),
    **dict.fromkeys(("DEPTH_TO_SPACE", "REVERSE_V2", "UNPACK", "SPLIT_V", "BROADCAST_TO"), (0,)),
    **dict.fromkeys(("MAXIMUM", "MINIMUM"), (0, 1)),
    **dict.fromkeys(("SELECT", "SELECT_V2"), (1, 2)),
    "SPLIT": (1,),
}
"""Operators that pass integers on as they are, and the inputs they take them from."""

FIXED_OUTPUT = Symptom(
    code="output-scale-not-fixed",
    severity=Severity.WARNING,
    hint="Quantize again: kernels assume the specification's scale, and may refuse the model or give wrong values.",
)
NOT_PASSED_ON = Symptom(
    code="scale-changes-in-passing",
    severity=Severity.WARNING,
    hint="Quantize again with the same scale on both sides: the kernels copy the integers, so that values change.",
)
JOINED = Symptom(
    code="concatenation-scales",
    severity=Severity.WARNING,
    hint="Quantize again with one scale for all that is joined, or put a QUANTIZE before the one that differs.",
)
ADDED = Symptom(
    code="add-scales",
    severity=Severity.INFO,
    hint="The smaller input has few steps beside the larger one. Clip the range of the larger one if it allows it.",
)
ASYMMETRIC_WEIGHTS = Symptom(
    code="asymmetric-weights",
    severity=Severity.ERROR,
    hint="Quantize the weights symmetrically: convolution kernels refuse others, and delegates do not take them.",
)
ASYMMETRIC_INT16 = Symptom(
    code="asymmetric-int16",
    severity=Severity.ERROR,
    hint="Quantize 16-bit activations symmetrically: the kernels refuse others.",
)
BIAS_POINT = Symptom(
    code="bias-zero-point",
    severity=Severity.ERROR,
    hint="Quantize again: kernels refuse a bias with a zero point.",
)
BIAS_SCALE = Symptom(
    code="bias-scale",
    severity=Severity.WARNING,
    hint="Quantize again: kernels add the bias as if its scale were that of input times weights.",
)
DEAD_RANGE = Symptom(
    code="dead-range",
    severity=Severity.WARNING,
    hint="Next to nothing but zero was seen here in calibration: check the samples, or whether the layer is dead.",
)


def scale_findings(file: ModelFile) -> Iterator[Finding]:
    """Yield scales and zero points that are not as they must be."""
    for subgraph in file.graph.subgraphs:
        for op in subgraph.ops:
            inputs = [subgraph.tensors[i] if i >= 0 else None for i in op.inputs]
            outputs = [subgraph.tensors[i] for i in op.outputs if i >= 0]
            for symptom, message, weight, tensors in (
                *_fixed(op, outputs),
                *_passed(op, inputs, outputs),
                *_joined(op, inputs, outputs),
                *_weights(file, subgraph, op, inputs),
                *_bias(file, subgraph, op, inputs),
                *_activations(op, outputs),
            ):
                yield Finding(
                    symptom=symptom,
                    subgraph=subgraph.index,
                    ops=(op.index,),
                    tensors=tuple(tensor.index for tensor in tensors),
                    message=message,
                    weight=weight,
                )


Found = Iterator[tuple[Symptom, str, float, list[GraphTensor]]]
Inputs = list[GraphTensor | None]


def _single(tensor: GraphTensor | None) -> bool:
    return tensor is not None and tensor.dtype in _QUANTIZED and tensor.scales == 1 and tensor.scale > 0


def _told(tensor: GraphTensor) -> str:
    return f"scale {tensor.scale:.6g}, zero point {tensor.zero_point}"


def _fixed(op: GraphOp, outputs: list[GraphTensor]) -> Found:
    for tensor in outputs[:1]:
        wanted = _FIXED.get((op.name, tensor.dtype))
        if wanted is None or not _single(tensor):
            continue
        if not math.isclose(tensor.scale, wanted[0], rel_tol=_CLOSE) or tensor.zero_point != wanted[1]:
            message = (
                f"{op.name} '{tensor.name}' has {_told(tensor)};"
                f" specified is scale {wanted[0]:.6g}, zero point {wanted[1]}"
            )
            yield FIXED_OUTPUT, message, _ratio(tensor.scale, wanted[0]), [tensor]


def _passed(op: GraphOp, inputs: Inputs, outputs: list[GraphTensor]) -> Found:
    for place in _SAME.get(op.name, ()):
        source = inputs[place] if place < len(inputs) else None
        for made in outputs:
            if source is None or not _single(source) or not _single(made) or source.dtype != made.dtype:
                continue
            if _differ(source, made):
                message = f"{op.name} '{made.name}' takes {_told(source)} and gives {_told(made)}; they must be equal"
                yield NOT_PASSED_ON, message, _ratio(source.scale, made.scale), [source, made]


def _joined(op: GraphOp, inputs: Inputs, outputs: list[GraphTensor]) -> Found:
    if op.name in {"CONCATENATION", "PACK"} and outputs and _single(outputs[0]):
        parts = [tensor for tensor in inputs if tensor is not None and _single(tensor)]
        wrong = [tensor for tensor in parts if _differ(tensor, outputs[0])]
        if wrong:
            worst = max(wrong, key=lambda tensor: _ratio(tensor.scale, outputs[0].scale))
            message = (
                f"{op.name} '{outputs[0].name}' has {_told(outputs[0])}, but {len(wrong)} of {len(parts)} inputs"
                f" differ; '{worst.name}' has {_told(worst)}"
            )
            yield JOINED, message, _ratio(worst.scale, outputs[0].scale), [*wrong, outputs[0]]
    if op.name == "ADD" and len(inputs) == 2:
        one, other = inputs
        if one is None or other is None or one.constant or other.constant or not (_single(one) and _single(other)):
            return
        ratio = _ratio(one.scale, other.scale)
        if ratio > _MOST_RATIO:
            message = (
                f"ADD joins '{one.name}' and '{other.name}', whose scales differ by a factor of {ratio:.1f} (limit 2)"
            )
            yield ADDED, message, ratio, [one, other]


def _weights(file: ModelFile, subgraph: Subgraph, op: GraphOp, inputs: Inputs) -> Found:
    weights = inputs[1] if op.name in CHANNEL_AXIS and len(inputs) > 1 else None
    if weights is None or not weights.constant or weights.dtype != "int8":
        return
    points = file.zero_points(subgraph.index, weights.index)
    off = points[points != 0]
    if off.size:
        message = (
            f"{op.name} '{weights.name}': {off.size} of {points.size} zero points are not 0, such as {int(off[0])};"
            " int8 weights must be symmetric"
        )
        yield ASYMMETRIC_WEIGHTS, message, float(np.max(np.abs(off))), [weights]


def _bias(file: ModelFile, subgraph: Subgraph, op: GraphOp, inputs: Inputs) -> Found:
    place, data = _BIAS_PLACES.get(op.name, -1), _DATA_PLACES.get(op.name, 0)
    if place < 0 or place >= len(inputs):
        return
    bias, fed, weights = inputs[place], inputs[data], inputs[1]
    if bias is None or fed is None or weights is None or bias.dtype not in {"int32", "int64"} or not _single(fed):
        return
    points = file.zero_points(subgraph.index, bias.index)
    if np.any(points != 0):
        yield BIAS_POINT, f"bias '{bias.name}' has zero point {int(points[points != 0][0])} instead of 0", 1.0, [bias]
    scales = file.scales(subgraph.index, bias.index).astype(np.float64)
    wanted = fed.scale * file.scales(subgraph.index, weights.index).astype(np.float64)
    if scales.size == 0 or wanted.size == 0 or (scales.size not in (1, wanted.size) and wanted.size != 1):
        return
    with np.errstate(all="ignore"):
        off = np.abs(scales - wanted) / np.abs(wanted)
    worst = int(np.argmax(np.where(np.isfinite(off), off, -1)))
    if off[worst] > _CLOSE:
        message = (
            f"bias '{bias.name}' has scale {scales[min(worst, scales.size - 1)]:.6g}, but input times weights is"
            f" {wanted[min(worst, wanted.size - 1)]:.6g} in channel {worst}"
        )
        yield BIAS_SCALE, message, float(off[worst]), [bias]


def _activations(op: GraphOp, outputs: list[GraphTensor]) -> Found:
    for tensor in outputs:
        if not _single(tensor):
            continue
        if tensor.dtype == "int16" and tensor.zero_point != 0:
            message = f"{op.name} '{tensor.name}' is int16 with zero point {tensor.zero_point} instead of 0"
            yield ASYMMETRIC_INT16, message, float(abs(tensor.zero_point)), [tensor]
        steps = 65535 if tensor.dtype == "int16" else 255
        if tensor.scale * steps < _DEAD_SPAN:
            message = (
                f"{op.name} '{tensor.name}' has scale {tensor.scale:.3g}: its range spans {tensor.scale * steps:.3g}"
            )
            yield DEAD_RANGE, message, 1 / tensor.scale, [tensor]


def _differ(one: GraphTensor, other: GraphTensor) -> bool:
    return not math.isclose(one.scale, other.scale, rel_tol=_EQUAL) or one.zero_point != other.zero_point


def _ratio(one: float, other: float) -> float:
    small, large = sorted((abs(one), abs(other)))
    return large / small if small > 0 else math.inf
