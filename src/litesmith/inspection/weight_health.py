"""Health of weights: how well they use the integers they are stored in. Constants are read in pieces, never copied."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from litesmith.core.graph import GraphTensor
from litesmith.core.results import Severity
from litesmith.inspection.symptom import Finding, Symptom
from litesmith.runtime.flatbuffer import ModelFile

CHANNEL_AXIS = {"CONV_2D": 0, "DEPTHWISE_CONV_2D": 3, "TRANSPOSE_CONV": 0, "FULLY_CONNECTED": 0}
"""Operators whose kernels take a scale for each output channel, and the weights' dimension of those."""
_WEIGHTS = 1
_PIECE_ELEMENTS = 1 << 20
_LOST_BITS = 2.0
_SATURATED = 0.01
_ENDS = {"int8": (-127, 127), "uint8": (0, 255), "int16": (-32767, 32767)}

PER_TENSOR = Symptom(
    code="per-tensor-weights",
    severity=Severity.WARNING,
    hint="Quantize these weights per channel: `litesmith quantize` does, and so does the converter by default.",
)
PER_TENSOR_EVEN = Symptom(
    code="per-tensor-weights-even",
    severity=Severity.INFO,
    hint="Per-channel scales would cost nothing at run time, but gain little here.",
)
DEAD = Symptom(
    code="dead-weights",
    severity=Severity.WARNING,
    hint="Check the training or the conversion: this operator gives the same for every input.",
)
DEAD_CHANNELS = Symptom(
    code="dead-channels",
    severity=Severity.INFO,
    hint="These channels could be pruned.",
)
SATURATED = Symptom(
    code="saturated-weights",
    severity=Severity.WARNING,
    hint="The scale is too small for these weights: quantize them again from the float model.",
)
UNUSED = Symptom(
    code="unused-weight-range",
    severity=Severity.WARNING,
    hint="The scale is too large for these weights: quantize them again from the float model.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """What values a weight holds.

    Attributes:
        low: Smallest value of each channel.
        high: Largest value of each channel.
        at_ends: How many values are at the ends of the number type.
        elements: How many there are.
    """

    low: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]
    at_ends: int
    elements: int


def weight_findings(file: ModelFile) -> Iterator[Finding]:
    """Yield what is unhealthy in the weights of convolutions and matrix products. A shared weight is judged once."""
    seen = set[int]()
    for subgraph in file.graph.subgraphs:
        for op in subgraph.ops:
            axis = CHANNEL_AXIS.get(op.name)
            index = op.inputs[_WEIGHTS] if axis is not None and len(op.inputs) > _WEIGHTS else -1
            tensor = subgraph.tensors[index] if index >= 0 else None
            if axis is None or tensor is None or tensor.buffer in seen or not tensor.constant:
                continue
            seen.add(tensor.buffer)
            values = file.values(tensor)
            if values is None or values.size == 0 or axis >= values.ndim or values.dtype.kind not in "iuf":
                continue
            spread = spread_of(values, axis, _ENDS.get(tensor.dtype))
            for symptom, message, weight in _judged(file, subgraph.index, tensor, spread):
                yield Finding(
                    symptom=symptom,
                    subgraph=subgraph.index,
                    ops=(op.index,),
                    tensors=(index,),
                    message=f"{op.name} '{tensor.name}': {message}",
                    weight=weight,
                )


def spread_of(values: npt.NDArray[Any], axis: int, ends: tuple[int, int] | None) -> Spread:
    """Return what values a constant holds along an axis.

    Args:
        values: The constant, a view of the file.
        axis: The channels.
        ends: Values at or beyond which a value is at the end of its type; None for floats.
    """
    others = tuple(d for d in range(values.ndim) if d != axis)
    low = np.full(values.shape[axis], np.inf)
    high = np.full(values.shape[axis], -np.inf)
    at_ends = 0
    step = max(1, _PIECE_ELEMENTS * len(values) // values.size)
    for start in range(0, len(values), step):
        piece = values[start : start + step]
        place = slice(start, start + step) if axis == 0 else slice(None)
        low[place] = np.minimum(low[place], piece.min(axis=others))
        high[place] = np.maximum(high[place], piece.max(axis=others))
        if ends is not None:
            at_ends += int(np.count_nonzero(piece <= ends[0])) + int(np.count_nonzero(piece >= ends[1]))
    return Spread(low=low, high=high, at_ends=at_ends, elements=values.size)


def _judged(
    file: ModelFile, subgraph: int, tensor: GraphTensor, spread: Spread
) -> Iterator[tuple[Symptom, str, float]]:
    points = file.zero_points(subgraph, tensor.index)
    zero = float(points[0]) if points.size == 1 else 0.0
    channels = len(spread.low)
    if spread.low.min() == spread.high.max():
        yield DEAD, f"all {spread.elements} values are {spread.low.min():g}", spread.elements
        return
    dead = int(np.count_nonzero((spread.low == zero) & (spread.high == zero)))
    if dead:
        yield DEAD_CHANNELS, f"{dead} of {channels} output channels have zero weights only", dead / channels
    ends = _ENDS.get(tensor.dtype)
    if ends is None or tensor.scales == 0:
        return
    used = np.maximum(np.abs(spread.low - zero), np.abs(spread.high - zero))
    if tensor.scales == 1 and channels > 1:
        yield from _per_tensor(used, ends)
    yield from _saturated(spread, ends)
    yield from _unused(spread, used, ends, per_channel=tensor.scales == channels)


def _per_tensor(used: npt.NDArray[np.float64], ends: tuple[int, int]) -> Iterator[tuple[Symptom, str, float]]:
    """One scale for all channels: the smallest channel is left with the fewest steps."""
    alive = used[used > 0]
    if alive.size == 0:
        return
    widest, narrowest = float(alive.max()), float(alive.min())
    lost = math.log2(widest / narrowest)
    channel = int(np.argmin(np.where(used > 0, used, np.inf)))
    steps = (ends[1] - ends[0] + 1) // 2
    message = (
        f"one scale for {used.size} output channels whose ranges differ by a factor of {widest / narrowest:.1f};"
        f" channel {channel} uses {narrowest:.0f} of {steps} steps to either side and loses {lost:.1f} bits"
    )
    yield (PER_TENSOR if lost >= _LOST_BITS else PER_TENSOR_EVEN), message, lost


def _saturated(spread: Spread, ends: tuple[int, int]) -> Iterator[tuple[Symptom, str, float]]:
    """A symmetric range has the largest value of each channel at an end, and hardly another one."""
    magnitudes = {abs(value) for value in (*spread.low, *spread.high)}
    alike = magnitudes <= {float(ends[1]), float(-ends[0]), 0.0} and spread.elements <= 4 * len(spread.low)
    share = spread.at_ends / spread.elements
    expected = 2 * len(spread.low) / spread.elements
    if share > _SATURATED + expected and not alike:
        most = 100 * (_SATURATED + expected)
        message = f"{100 * share:.1f} % of its values are at the ends of the range (limit {most:.1f} %)"
        yield SATURATED, message, share


def _unused(
    spread: Spread, used: npt.NDArray[np.float64], ends: tuple[int, int], *, per_channel: bool
) -> Iterator[tuple[Symptom, str, float]]:
    """A scale made for these weights takes the largest to the end of the range; less than half wastes a bit."""
    width = (ends[1] - ends[0] + 1) // 2
    if per_channel:
        alive = used[used > 0]
        narrow = alive[alive < width / 2]
        if narrow.size:
            yield (
                UNUSED,
                f"{narrow.size} of {used.size} output channels use less than half of their range; the least uses"
                f" {narrow.min():.0f} of {width} steps",
                float(width / narrow.min()),
            )
        return
    reach = float(spread.high.max() - spread.low.min())
    if 0 < reach < (ends[1] - ends[0]) / 2:
        yield UNUSED, f"its values take {reach:.0f} of {ends[1] - ends[0]} steps", (ends[1] - ends[0]) / reach
