"""The twin as it computes with 8 bits, and the numbers that training moves.

Training moves integers: a kernel is its trained value plus `steps` times the distance of two of its channel's integers,
a bias is its own plus `steps` times the distance of two levels of the tensor it is added to. So one learning rate, in
integers, means the same to every channel, however small folding made its weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litesmith.recover.fold import CONVOLUTIONS, channel_shape
from litesmith.recover.points import Points, Rounding
from litesmith.recover.rounding import Grid, rounded_activation, rounded_weights, weight_scales
from litesmith.recover.tape import Step, Tape, played


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """The weights of one layer.

    Attributes:
        layer: Holds the trained values; not changed while training.
        shape: Of one number per output channel.
        kernel_steps: Variable, float32, of the kernel's shape, in integers of each channel.
        kernel_unit: What one of them is worth, float32 of `shape`.
        bias_steps: Variable, float32 [C]; None where the layer has no bias.
        bias_unit: What one of them is worth.
    """

    layer: Any
    shape: tuple[int, ...]
    kernel_steps: Any
    kernel_unit: Any
    bias_steps: Any
    bias_unit: float

    def kernel(self) -> Any:
        """Return the kernel, not yet rounded."""
        return self.layer.weights[0].value + self.kernel_steps * self.kernel_unit

    def bias(self) -> Any:
        """Return the bias."""
        return self.layer.weights[1].value + self.bias_steps * self.bias_unit


class Student:
    """A twin with rounding.

    Args:
        tape: The twin.
        points: Where it is rounded.
        grids: To what, by tensor.
    """

    def __init__(self, tape: Tape, points: Points, grids: dict[int, Grid]) -> None:
        self.tape = tape
        self._grids = grids
        self._rounding = {s.outputs[0]: r for s, r in zip(tape.steps, points.rounding, strict=True)}
        self._moved = {id(s.layer): _moved(s, self._unit(s)) for s in tape.steps if s.kind in CONVOLUTIONS}

    def variables(self) -> list[Any]:
        """Return what training moves."""
        found = [moved.kernel_steps for moved in self._moved.values()]
        return found + [moved.bias_steps for moved in self._moved.values() if moved.bias_steps is not None]

    def values(self, tensors: tuple[Any, ...]) -> dict[int, Any]:
        """Return every tensor by index for model inputs [B, ...], computed with 8 bits."""
        taken = [
            rounded_activation(tensor, self._grids[i]) if i in self._grids else tensor
            for i, tensor in zip(self.tape.inputs, tensors, strict=True)
        ]
        return played(self.tape, taken, self._call)

    def write(self) -> None:
        """Give the layers the weights that training found, in float."""
        for moved in self._moved.values():
            moved.layer.weights[0].assign(moved.kernel())
            if moved.bias_steps is not None:
                moved.layer.weights[1].assign(moved.bias())
        for variable in self.variables():
            variable.assign(variable * 0)

    def _call(self, step: Step, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        moved = self._moved.get(id(step.layer))
        if moved is None:
            made = step.layer(*args, **kwargs)
        else:
            weights = [rounded_weights(moved.kernel(), moved.shape)]
            if moved.bias_steps is not None:
                weights.append(moved.bias())
            made, _ = step.layer.stateless_call(weights, [], *args, **kwargs)
        index = step.outputs[0]
        if self._rounding[index] is Rounding.NONE or index not in self._grids:
            return made
        return rounded_activation(made, self._grids[index])

    def _unit(self, step: Step) -> float:
        """Return the distance of two levels of the tensor that a layer's result is rounded to, at once or next."""
        index = step.outputs[0]
        if index not in self._grids:
            index = next((s.outputs[0] for s in self.tape.steps if index in s.inputs), index)
        return self._grids[index].scale if index in self._grids else 0.01


def _moved(step: Step, unit: float) -> Moved:
    import tensorflow as tf

    kernel, *bias = step.layer.weights
    shape = channel_shape(step.kind, tuple(kernel.shape))
    return Moved(
        layer=step.layer,
        shape=shape,
        kernel_steps=tf.Variable(tf.zeros(kernel.shape)),
        kernel_unit=tf.constant(weight_scales(kernel.value, shape)),
        bias_steps=tf.Variable(tf.zeros(bias[0].shape)) if bias else None,
        bias_unit=unit,
    )
