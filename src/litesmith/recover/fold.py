"""The twin that is trained: the model's steps with layers of its own, taken apart the way a .tflite has them.

BatchNormalization after a convolution becomes part of its kernel and bias, at the statistics the model was trained to
(Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference", CVPR
2018, fold them too, with statistics that still move). An activation inside a layer becomes a step of its own, and a
separable convolution two convolutions, because a .tflite rounds between them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from litesmith.recover.tape import Ref, Step, Tape

Array = npt.NDArray[np.float32]

CONVOLUTIONS = ("Conv1D", "Conv2D", "DepthwiseConv1D", "DepthwiseConv2D", "Conv2DTranspose", "Dense")
"""Layers with one kernel and a bias, whose kernels are rounded to 8 bits with a scale for each output channel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Twin:
    """The steps to train.

    Attributes:
        tape: With layers of its own.
        folded: BatchNormalization layers that became part of a kernel.
    """

    tape: Tape
    folded: tuple[str, ...]


def twin_of(tape: Tape) -> Twin:
    """Return a model's steps with layers of their own, taken apart and folded. The model stays as it is."""
    copied = _copied(tape)
    apart = _without(_split(copied), _is_nothing)
    found, folded = _folded(apart)
    return Twin(tape=found, folded=folded)


def channel_shape(kind: str, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape that one number per output channel has to have, to be multiplied with a kernel of `shape`.

    >>> channel_shape("Conv2D", (3, 3, 8, 16)), channel_shape("DepthwiseConv2D", (3, 3, 8, 2))
    ((1, 1, 1, 16), (1, 1, 8, 2))
    >>> channel_shape("Conv2DTranspose", (3, 3, 16, 8))
    (1, 1, 16, 1)
    """
    rank = len(shape)
    if kind.startswith("Depthwise"):
        kept = {rank - 2, rank - 1}
    elif kind.endswith("Transpose"):
        kept = {rank - 2}
    else:
        kept = {rank - 1}
    return tuple(size if axis in kept else 1 for axis, size in enumerate(shape))


def _copied(tape: Tape) -> Tape:
    """Return the tape with copies of its layers, in float32; one that is called several times stays one."""
    import keras

    made: dict[int, Any] = {}
    for step in tape.steps:
        if id(step.layer) in made:
            continue
        if not isinstance(step.layer, keras.layers.Layer):
            made[id(step.layer)] = step.layer  # an operation without weights
            continue
        made[id(step.layer)] = _copy(step, {})
    return replace(tape, steps=tuple(replace(step, layer=made[id(step.layer)]) for step in tape.steps))


def _copy(step: Step, changes: dict[str, Any]) -> Any:
    """Return a layer like the step's with its weights, in float32."""
    layer = step.layer
    config = {**layer.get_config(), "dtype": "float32", **changes}
    fresh = type(layer).from_config(config)
    if layer.built and layer.weights:
        fresh.build_from_config(layer.get_build_config())
        fresh.set_weights(layer.get_weights())
    return fresh


def _split(tape: Tape) -> Tape:
    """Return the tape with activations and the halves of separable convolutions as steps of their own."""
    import keras

    uses = _layer_uses(tape)
    next_index = tape.fresh()
    steps: list[Step] = []
    for step in tape.steps:
        activation = getattr(step.layer, "activation", None)
        once = uses[id(step.layer)] == 1
        last = step.outputs[0]
        separable = step.kind == "SeparableConv2D" and once and step.layer.data_format == "channels_last"
        if not separable and (
            not once or step.kind not in CONVOLUTIONS or activation in (None, keras.activations.linear)
        ):
            steps.append(step)
            continue
        active = activation not in (None, keras.activations.linear)
        middle = last
        if active:
            middle, next_index = next_index, next_index + 1
        if separable:
            steps += _halves(step, next_index, middle)
            next_index += 1
        else:
            name = step.name + ("_linear" if active else "")
            layer = _with_weights(step, _variables(step), {"activation": "linear", "name": name})
            steps.append(replace(step, layer=layer, outputs=(middle,)))
        if active:
            layer = keras.layers.Activation(activation, name=step.name)
            steps.append(Step(layer=layer, args=(Ref(middle),), kwargs={}, outputs=(last,)))
    return replace(tape, steps=tuple(steps))


def _halves(step: Step, between: int, out: int) -> list[Step]:
    """Return a separable convolution as a depthwise and a pointwise one."""
    import keras

    old = step.layer
    depthwise = keras.layers.DepthwiseConv2D(
        old.kernel_size,
        strides=old.strides,
        padding=old.padding,
        depth_multiplier=old.depth_multiplier,
        dilation_rate=old.dilation_rate,
        use_bias=False,
        name=f"{step.name}_depthwise",
    )
    pointwise = keras.layers.Conv2D(old.filters, 1, use_bias=old.use_bias, name=f"{step.name}_pointwise")
    first, second, *bias = [np.asarray(value) for value in old.get_weights()]
    depthwise.build((None, None, None, first.shape[2]))
    depthwise.set_weights([first])
    pointwise.build((None, None, None, second.shape[2]))
    pointwise.set_weights([second, *bias])
    return [
        Step(layer=depthwise, args=step.args, kwargs={}, outputs=(between,)),
        Step(layer=pointwise, args=(Ref(between),), kwargs={}, outputs=(out,)),
    ]


def _is_nothing(step: Step) -> bool:
    """Tell whether a step gives back what it takes when the model is not being trained."""
    import keras

    if step.kind in ("Dropout", "SpatialDropout1D", "SpatialDropout2D", "GaussianNoise", "GaussianDropout", "Identity"):
        return True
    return step.kind == "Activation" and step.layer.activation is keras.activations.linear


def _without(tape: Tape, drop: Callable[[Step], bool]) -> Tape:
    """Return the tape without some steps that take one tensor; what used their result takes that tensor."""
    same: dict[int, int] = {}
    steps: list[Step] = []
    for step in tape.steps:
        moved = _renamed(step, same)
        if drop(step) and step.outputs[0] not in tape.outputs:
            same[step.outputs[0]] = moved.inputs[0]
        else:
            steps.append(moved)
    return replace(tape, steps=tuple(steps))


def _renamed(step: Step, same: dict[int, int]) -> Step:
    def put(tree: Any) -> Any:
        if isinstance(tree, Ref):
            return Ref(same.get(tree.index, tree.index))
        if isinstance(tree, dict):
            return {key: put(value) for key, value in tree.items()}
        if isinstance(tree, (tuple, list)):
            return type(tree)(put(value) for value in tree)
        return tree

    return replace(step, args=put(step.args), kwargs=put(dict(step.kwargs)))


def _folded(tape: Tape) -> tuple[Tape, tuple[str, ...]]:
    """Return the tape with each BatchNormalization folded that alone uses a convolution's result."""
    uses, layers = tape.uses(), _layer_uses(tape)
    made_by = {step.outputs[0]: step for step in tape.steps}
    new: dict[int, Any] = {}
    folded: dict[str, int] = {}
    for step in tape.steps:
        source = made_by.get(step.inputs[0]) if step.kind == "BatchNormalization" and step.inputs else None
        if source is None or source.kind not in CONVOLUTIONS or uses[source.outputs[0]] != 1:
            continue
        once = layers[id(step.layer)] == layers[id(source.layer)] == 1
        if not once or not _same_channels(source.layer, step.layer, source.kind):
            continue
        new[source.outputs[0]] = _with_weights(source, _folded_weights(source, step.layer), {})
        folded[step.name] = step.outputs[0]
    steps = tuple(replace(step, layer=new.get(step.outputs[0], step.layer)) for step in tape.steps)
    gone = set(folded.values())
    kept = _without_outputs(replace(tape, steps=steps), gone)
    return kept, tuple(folded)


def _without_outputs(tape: Tape, gone: set[int]) -> Tape:
    """Return the tape without the steps that make some tensors; the step before makes them instead."""
    earlier = {step.inputs[0]: step.outputs[0] for step in tape.steps if step.outputs[0] in gone}
    steps = [
        replace(step, outputs=tuple(earlier.get(i, i) for i in step.outputs))
        for step in tape.steps
        if step.outputs[0] not in gone
    ]
    return replace(tape, steps=tuple(steps))


def _same_channels(layer: Any, norm: Any, kind: str) -> bool:
    """Tell whether the normalization's axis is the convolution's output channels."""
    if kind != "Dense" and layer.data_format != "channels_last":
        return False
    axis = norm.axis[0] if isinstance(norm.axis, (list, tuple)) else norm.axis
    rank = {"Conv1D": 3, "DepthwiseConv1D": 3}.get(kind, 4)
    return axis == -1 or (kind != "Dense" and axis == rank - 1) or (kind == "Dense" and axis == 1)


def _variables(step: Step) -> tuple[Array, Array]:
    """Return a layer's kernel and its bias, float32, zeros where it has none."""
    kernel, *bias = [np.asarray(value, np.float32) for value in step.layer.get_weights()]
    count = int(np.prod(channel_shape(step.kind, kernel.shape)))
    return kernel, bias[0] if bias else np.zeros(count, np.float32)


def _folded_weights(step: Step, norm: Any) -> tuple[Array, Array]:
    kernel, bias = _variables(step)
    mean = np.asarray(norm.moving_mean, np.float64)
    deviation = np.sqrt(np.asarray(norm.moving_variance, np.float64) + norm.epsilon)
    factor = (np.asarray(norm.gamma, np.float64) if norm.scale else 1.0) / deviation
    shift = np.asarray(norm.beta, np.float64) if norm.center else 0.0
    scaled = kernel * factor.reshape(channel_shape(step.kind, kernel.shape))
    return scaled.astype(np.float32), ((bias - mean) * factor + shift).astype(np.float32)


def _with_weights(step: Step, weights: tuple[Array, Array], changes: dict[str, Any]) -> Any:
    """Return a layer like the step's with a bias and these weights."""
    plain = {
        "use_bias": True,
        "kernel_regularizer": None,
        "depthwise_regularizer": None,
        "bias_regularizer": None,
        "activity_regularizer": None,
    }
    config = step.layer.get_config()
    known = {name: value for name, value in plain.items() if name in config}
    fresh = type(step.layer).from_config({**config, **known, **changes})
    fresh.build(step.layer.get_build_config()["input_shape"])
    fresh.set_weights(list(weights))
    return fresh


def _layer_uses(tape: Tape) -> dict[int, int]:
    found: dict[int, int] = {}
    for step in tape.steps:
        found[id(step.layer)] = found.get(id(step.layer), 0) + 1
    return found
