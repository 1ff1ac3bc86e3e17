"""Rounding to 8 bits as LiteRT does it, with gradients that pass through (straight-through estimator).

Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference" (CVPR
2018): in the forward pass a value becomes the real number that its integer stands for; in the backward pass the
gradient goes through unchanged where the value is inside the range, and stops where it was clipped (Bengio et al.,
"Estimating or Propagating Gradients Through Stochastic Neurons for Conditional Computation", 2013).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

STEPS = 255
"""Steps of an 8-bit range with 256 levels."""
LARGEST = 127
"""Largest integer of a weight; -128 is not used, so that zero lies in the middle."""
_SMALLEST_SCALE = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Levels of an activation: (q - zero_point) * scale for q in -128 .. 127.

    Attributes:
        scale: Distance of two levels.
        zero_point: Integer that stands for 0.0.
    """

    scale: float
    zero_point: int

    @property
    def low(self) -> float:
        """Lowest level."""
        return (-128 - self.zero_point) * self.scale

    @property
    def high(self) -> float:
        """Highest level."""
        return (127 - self.zero_point) * self.scale


def grid_of(low: float, high: float) -> Grid:
    """Return the grid of a range that is widened to hold zero, so that zero has an integer of its own.

    >>> grid_of(0.0, 255.0)
    Grid(scale=1.0, zero_point=-128)
    """
    low, high = min(low, 0.0), max(high, 0.0)
    scale = max((high - low) / STEPS, _SMALLEST_SCALE)
    return Grid(scale=scale, zero_point=int(np.clip(np.rint(-128 - low / scale), -128, 127)))


def rounded_activation(values: Any, grid: Grid) -> Any:
    """Return float32 values [...] as an int8 tensor would hold them; the gradient stops where they are clipped."""
    import tensorflow as tf

    low, high = tf.constant(grid.low, tf.float32), tf.constant(grid.high, tf.float32)
    scale = tf.constant(grid.scale, tf.float32)

    @tf.custom_gradient  # type: ignore[untyped-decorator,unused-ignore]
    def run(taken: Any) -> Any:
        inside = tf.clip_by_value(taken, low, high)

        def back(gradient: Any) -> Any:
            return tf.where(tf.equal(inside, taken), gradient, tf.zeros_like(gradient))

        return tf.round(inside / scale) * scale, back

    return run(values)


def rounded_weights(kernel: Any, shape: tuple[int, ...]) -> Any:
    """Return a float32 kernel as int8 weights would hold it, one symmetric scale per output channel.

    Args:
        kernel: float32 [...].
        shape: Of the scales, as `fold.channel_shape` gives it.

    No weight is clipped, because the largest of a channel sets its scale, so the gradient passes everywhere.
    """
    import tensorflow as tf

    scale = weight_scales(tf.stop_gradient(kernel), shape)
    whole = tf.clip_by_value(tf.round(kernel / scale), -LARGEST, LARGEST)
    return kernel + tf.stop_gradient(whole * scale - kernel)


def weight_scales(kernel: Any, shape: tuple[int, ...]) -> Any:
    """Return the step of each output channel's integers, float32 of `shape`."""
    import tensorflow as tf

    axes = [axis for axis, size in enumerate(shape) if size == 1]
    largest = tf.reduce_max(tf.abs(kernel), axis=axes, keepdims=True)
    return tf.maximum(largest / LARGEST, _SMALLEST_SCALE)
