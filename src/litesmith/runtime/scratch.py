"""Memory that the runtime's own kernels take in the arena while they run, besides what they read and write.

From the `Prepare` functions in LiteRT's `tflite/kernels`. Left out are a few dozen bytes of reductions, the kernels of
recurrent layers and of 3-D convolutions, and what kernels take outside the arena (TRANSPOSE_CONV).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from litesmith.core.graph import GraphOp, GraphTensor

_INTEGERS = frozenset({"int8", "uint8", "int4", "int2"})
_WIDTHS = {"float32": 4, "int8": 1, "uint8": 1, "int16": 2}
_NUMBER_BYTES = 4


def scratch_bytes(op: GraphOp, tensors: Sequence[GraphTensor]) -> tuple[int, ...]:
    """Return the sizes of the blocks that a kernel takes while it runs; dynamic dimensions count as one."""
    if len(op.inputs) < 2 or min(op.inputs[:2]) < 0 or not op.outputs or op.outputs[0] < 0:
        return ()
    read, weights, made = tensors[op.inputs[0]], tensors[op.inputs[1]], tensors[op.outputs[0]]
    mixed = read.dtype == "float32" and weights.dtype in _INTEGERS
    if op.name == "CONV_2D" and len(read.shape) == len(weights.shape) == len(made.shape) == 4:
        return _convolution(op, read, weights, made, mixed)
    if op.name == "DEPTHWISE_CONV_2D" and mixed:
        return (_elements(read), *(2 * (_NUMBER_BYTES * _batch(read),)))
    if op.name == "FULLY_CONNECTED" and mixed and weights.shape:
        rows = _elements(read) // max(weights.shape[-1], 1)
        return (_elements(read), _NUMBER_BYTES * rows * _sizes(weights)[0], *(2 * (_NUMBER_BYTES * rows,)))
    if op.name == "BATCH_MATMUL":
        width = _WIDTHS.get(read.dtype, 0)
        return tuple(_elements(side) * width for side in (read, weights) if not side.constant)
    return ()


def _convolution(
    op: GraphOp, read: GraphTensor, weights: GraphTensor, made: GraphTensor, mixed: bool
) -> tuple[int, ...]:
    """Return what a convolution takes: its input unrolled, unless it is 1x1, and for float input its integers."""
    options = op.options
    plain = weights.shape[1:3] == (1, 1) and all(
        options.get(name, 1) == 1 for name in ("stride_w", "stride_h", "dilation_w", "dilation_h")
    )
    places = math.prod(_sizes(made)[:3])
    width = 1 if mixed else _WIDTHS.get(read.dtype, 0)
    unrolled = () if plain else (places * math.prod(_sizes(weights)[1:]) * width,)
    if not mixed:
        return unrolled
    groups = max(read.shape[3] // max(weights.shape[3], 1), 1)
    rows = _NUMBER_BYTES * math.prod(_sizes(read)[:3]) * groups
    offsets = (rows,) if weights.scales > 1 else ()
    return (*unrolled, _elements(read), rows, _NUMBER_BYTES * places * _sizes(weights)[0], *offsets)


def _sizes(tensor: GraphTensor) -> tuple[int, ...]:
    return tuple(1 if size < 0 else size for size in tensor.shape)


def _elements(tensor: GraphTensor) -> int:
    return math.prod(_sizes(tensor))


def _batch(tensor: GraphTensor) -> int:
    return _sizes(tensor)[0] if tensor.shape else 1
