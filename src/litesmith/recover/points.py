"""Where a .tflite with 8-bit activations rounds: which tensors of the twin, and which layers are left alone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from litesmith.recover.fold import CONVOLUTIONS
from litesmith.recover.tape import Step, Tape


class Rounding(Enum):
    """How the result of a step is rounded."""

    OWN = "own"  # to a range of its own
    SAME = "same"  # to the range of what it takes: the kernel computes on its integers
    NONE = "none"  # not at all: nothing is computed, or the next step rounds


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """What is rounded.

    Attributes:
        rounding: For each step of the tape.
        probabilities: Outputs that are softmax probabilities; the steps that make them are not rounded.
        left_float: Layers that this module does not know, as `name (Class)`; they are computed in float.
    """

    rounding: tuple[Rounding, ...]
    probabilities: tuple[bool, ...]
    left_float: tuple[str, ...]


_MOVING = frozenset(
    (
        "Reshape", "Flatten", "Permute", "RepeatVector", "ZeroPadding1D", "ZeroPadding2D", "Cropping1D", "Cropping2D",
        "MaxPooling1D", "MaxPooling2D", "GlobalMaxPooling1D", "GlobalMaxPooling2D", "Transpose", "Squeeze",
        "ExpandDims", "GetItem", "Dropout", "Identity",
    )
)  # fmt: skip
"""Values are moved or chosen, so that the integers stay as they are."""

_SAME = frozenset(("AveragePooling1D", "AveragePooling2D", "UpSampling2D"))
"""Kernels that take and give one scale."""

_OWN = frozenset(
    (
        "Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "GlobalAveragePooling1D",
        "GlobalAveragePooling2D", "BatchNormalization", "Rescaling", "Normalization", "Activation", "ReLU", "LeakyReLU",
        "PReLU", "ELU", "Softmax", "Mean", "Relu", "Relu6", "Sigmoid", "HardSigmoid", "HardSwish", "Silu", "Tanh",
        "TrueDivide", "Divide", "Matmul",
    )
)  # fmt: skip
_FUSED = frozenset(("relu", "relu6"))


def points_of(tape: Tape) -> Points:
    """Return where the twin is rounded."""
    uses = tape.uses()
    takers = {i: step for step in tape.steps for i in step.inputs}
    makers = {step.outputs[0]: step for step in tape.steps}
    rounding, left = [], []
    for step in tape.steps:
        found = _rounding(step)
        if found is None:
            left.append(f"{step.name} ({step.kind})")
            found = Rounding.NONE
        after = takers.get(step.outputs[0])
        fused = step.kind in (*CONVOLUTIONS, "Add", "Subtract", "Multiply")
        if fused and after is not None and uses[step.outputs[0]] == 1 and _activation(after) in _FUSED:
            found = Rounding.NONE  # one operator of the .tflite
        if _is_probabilities(step) and step.outputs[0] in tape.outputs:
            found = Rounding.NONE
        rounding.append(found)
    return Points(
        rounding=tuple(rounding),
        probabilities=tuple(i in makers and _is_probabilities(makers[i]) for i in tape.outputs),
        left_float=tuple(dict.fromkeys(left)),
    )


def _rounding(step: Step) -> Rounding | None:
    if step.kind in CONVOLUTIONS or step.kind in _OWN:
        return Rounding.OWN
    if step.kind in _SAME:
        return Rounding.SAME
    if step.kind in _MOVING:
        return Rounding.NONE
    return None


def _is_probabilities(step: Step) -> bool:
    if step.kind == "Softmax":
        return getattr(step.layer, "axis", -1) == -1
    return _activation(step) == "softmax"


def _activation(step: Step) -> str:
    """Return the name of the function that a step applies; empty where it is no plain activation."""
    if step.kind == "Activation":
        return str(getattr(step.layer.activation, "__name__", ""))
    if step.kind == "ReLU":
        plain = not step.layer.negative_slope and not step.layer.threshold
        limit = step.layer.max_value
        return "" if not plain else "relu" if limit is None else "relu6" if limit == 6 else ""
    return {"Relu": "relu", "Relu6": "relu6"}.get(step.kind, "")
