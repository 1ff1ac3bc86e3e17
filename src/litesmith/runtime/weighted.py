"""Layers with weights, seen as matrices: one row per output channel, one column per weight of it.

CONV_2D [O, KH, KW, I] and FULLY_CONNECTED [O, I] become [O, K]; DEPTHWISE_CONV_2D [1, KH, KW, C] becomes [C, KH * KW],
where each row has inputs of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from litesmith.core.graph import GraphOp, Subgraph
from litesmith.core.tensors import TensorSpec, dequantize

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]
WEIGHTED = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
DEPTHWISE = "DEPTHWISE_CONV_2D"
_LIMITS = {0: (-np.inf, np.inf), 1: (0.0, np.inf), 2: (-1.0, 1.0), 3: (0.0, 6.0)}
"""What a fused activation leaves of a value, by the schema's number: NONE, RELU, RELU_N1_TO_1, RELU6."""
_SAME = 0
"""Padding of the schema: zeros around the input."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One operator with constant weights.

    Attributes:
        op: The operator.
        shape: Of its weights.
        depthwise: Whether each output channel reads one input channel.
        bias: Its bias tensor, or -1.
        limits: What its fused activation clips to.
    """

    op: GraphOp
    shape: tuple[int, ...]
    depthwise: bool
    bias: int
    limits: tuple[float, float]

    @property
    def axis(self) -> int:
        """The dimension of the weights that runs over output channels."""
        return len(self.shape) - 1 if self.depthwise else 0

    @property
    def input_axis(self) -> int:
        """The dimension of the weights that runs over input channels (for depthwise the same, times a multiplier)."""
        return len(self.shape) - 1

    @property
    def pointwise(self) -> bool:
        """Whether each output position reads one input position, so that no padding plays a part."""
        if self.op.name == "FULLY_CONNECTED":
            return True
        return self.shape[1:3] == (1, 1)

    @property
    def padded(self) -> bool:
        """Whether zeros around the input may be read."""
        return not self.pointwise and self.op.options.get("padding") == _SAME

    def matrix(self, weights: Array) -> Array:
        """Return weights as [rows, K]."""
        if self.depthwise:
            return np.ascontiguousarray(weights.reshape(-1, self.shape[-1]).T)
        return weights.reshape(self.shape[0], -1)

    def weights(self, matrix: Array) -> Array:
        """Return a matrix [rows, K] as weights."""
        return (matrix.T if self.depthwise else matrix).reshape(self.shape)

    def clipped(self, values: Array) -> Array:
        """Return what the fused activation makes of values."""
        return np.clip(values, *self.limits)


def layer_of(op: GraphOp, graph: Subgraph) -> Layer | None:
    """Return an operator as a layer; None where it has no constant weights or an activation that does not clip."""
    if op.name not in WEIGHTED or len(op.inputs) < 2 or op.inputs[1] < 0:
        return None
    weights = graph.tensors[op.inputs[1]]
    activation = int(op.options.get("fused_activation", 0))
    if not weights.constant or activation not in _LIMITS or (op.name != "FULLY_CONNECTED" and len(weights.shape) != 4):
        return None
    bias = op.inputs[2] if len(op.inputs) > 2 else -1
    return Layer(op=op, shape=weights.shape, depthwise=op.name == DEPTHWISE, bias=bias, limits=_LIMITS[activation])


def positions(layer: Layer, output: tuple[int, ...], *, rows: int, samples: int, seed: int) -> list[Array]:
    """Return the output positions to look at in each sample: about `rows` in all, drawn with a seed.

    Args:
        layer: A layer.
        output: Shape of its output for one sample, [1, H, W, C] or [..., C].
        rows: Positions wanted over all samples.
        samples: Samples.
        seed: Seed.
    """
    places = int(np.prod(output[:-1]))
    each = min(places, max(1, -(-rows // samples)))
    draw = np.random.default_rng([seed, layer.op.index])
    if each == places:
        return [np.arange(places)] * samples
    return [draw.choice(places, each, replace=False) for _ in range(samples)]


def patches(layer: Layer, values: Array, output: tuple[int, ...], places: list[Array], *, spec: TensorSpec) -> Floats:
    """Return what the layer reads at chosen output positions, float32 [rows, K] or, depthwise, [K, rows, C].

    Args:
        layer: A layer.
        values: Its input as the runtime holds it, [N, 1, H, W, I] or [N, ..., I].
        output: Shape of its output for one sample.
        places: Positions in each sample, as of `positions`.
        spec: What the input's integers stand for.
    """
    if layer.op.name == "FULLY_CONNECTED":
        flat = values.reshape(len(values), -1, layer.shape[-1])
        return dequantize(np.concatenate([sample[at] for sample, at in zip(flat, places, strict=True)]), spec)
    gathered = [
        _gathered(layer, sample[0], output, at, zero=spec.zero_point) for sample, at in zip(values, places, strict=True)
    ]
    rows = dequantize(np.concatenate(gathered), spec)
    if not layer.depthwise:
        return rows.reshape(len(rows), -1).astype(np.float32, copy=False)
    rows = np.ascontiguousarray(rows.reshape(len(rows), -1, values.shape[-1]).transpose(1, 0, 2))
    multiplier = layer.shape[-1] // values.shape[-1]
    return np.repeat(rows, multiplier, axis=2) if multiplier > 1 else rows


def _gathered(layer: Layer, image: Array, output: tuple[int, ...], chosen: Array, *, zero: int) -> Array:
    """Return the patches [rows, KH, KW, I] of one image [H, W, I], and what stands for zero outside it."""
    height, width, _ = image.shape
    _, high, wide, _ = output
    options = layer.op.options
    rows = _taps(chosen // wide, layer.shape[1], (high, height), options=options, side="h")
    columns = _taps(chosen % wide, layer.shape[2], (wide, width), options=options, side="w")
    found = image[np.clip(rows, 0, height - 1)[:, :, None], np.clip(columns, 0, width - 1)[:, None, :]]
    if not layer.padded:
        return np.asarray(found)
    inside = ((rows >= 0) & (rows < height))[:, :, None] & ((columns >= 0) & (columns < width))[:, None, :]
    return np.asarray(found if inside.all() else np.where(inside[..., None], found, found.dtype.type(zero)))


def _taps(at: Array, size: int, sizes: tuple[int, int], *, options: dict[str, Any], side: str) -> Array:
    """Return the input coordinates [rows, size] that a kernel reads along one side, as TFLite pads."""
    stride, dilation = int(options.get(f"stride_{side}", 1)), int(options.get(f"dilation_{side}", 1))
    out, extent = sizes
    before = 0
    if options.get("padding") == _SAME:
        before = max((out - 1) * stride + (size - 1) * dilation + 1 - extent, 0) // 2
    taps: Array = at[:, None] * stride - before + np.arange(size) * dilation
    return taps


def products(layer: Layer, rows: Floats, matrix: Array) -> Floats:
    """Return the layer's sums without bias, float32 [rows, O], of patches and a weight matrix [O, K]."""
    weights = matrix.astype(np.float32)
    if layer.depthwise:
        made: Floats = rows[0] * weights[:, 0]
        for tap in range(1, len(rows)):
            made += rows[tap] * weights[:, tap]
        return made
    sums: Floats = rows @ weights.T
    return sums
