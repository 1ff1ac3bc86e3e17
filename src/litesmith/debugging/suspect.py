"""What is known of one layer of the quantized model, for the causes to judge."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from litesmith.core.graph import CONVERSIONS, FLOATS, GraphOp, GraphTensor, Subgraph
from litesmith.debugging.noise import (
    Grid,
    best_clip,
    channels_of,
    decibels,
    grid_alike_db,
    grid_over,
    per_channel_db,
    power,
)
from litesmith.runtime.splicing import PASSING

Array = npt.NDArray[Any]
LOOKED_AT = 400_000
"""Values of a tensor that its grid is judged by; its least and largest value are of all."""
NARROW = 0.1
"""Share of the range below which a channel counts as narrow."""
_INTEGERS = {"int8": (-128, 127), "uint8": (0, 255), "int16": (-32768, 32767)}


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeFacts:
    """The float model's values of a tensor, and what grids of integers make of them.

    Attributes:
        grid: The quantized model's grid.
        low: Least value.
        high: Largest value.
        core: Values at the 0.1 and the 99.9 percentile.
        own_db: SQNR of the exact values on the grid.
        full_db: SQNR on a grid from the least to the largest value.
        clip: The range with the least squared error and its SQNR; None where there is no range.
        cut_share: Share of the grid's noise that comes from values beyond its ends.
        beyond: Fraction of values beyond its ends.
        alike_db: SQNR on the better of the three grids, every channel counted alike.
        per_channel_db: The same with a grid for each channel.
        channels: Channels.
        narrow: Channels that use less than a tenth of the range.
    """

    grid: Grid
    low: float
    high: float
    core: tuple[float, float]
    own_db: float | None
    full_db: float | None
    clip: tuple[float, float, float] | None
    cut_share: float
    beyond: float
    alike_db: float | None
    per_channel_db: float | None
    channels: int
    narrow: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightFacts:
    """A layer's constants.

    Attributes:
        one_scale: Whether all output channels share a scale.
        output_db: SQNR of the layer's output when nothing but its weights and bias are rounded.
        rows_db: SQNR of the weights, every output channel counted alike.
        rows_each_db: The same with a scale for each channel.
        rows: Output channels.
        lost_rows: Channels of which rounding the weights leaves less than 10 dB.
        apart: Largest to smallest reach of a channel's weights.
        columns: SQNR of the layer's sums, by an estimate, when weights are rounded with a scale for each output
            channel, and when the channels they read are brought to one size before; None where channels are not mixed.
        columns_apart: Largest to smallest weight that reads a channel, over channels.
        bias_limit: Channels whose bias is at the limit of its integers, or does not fit into them.
        bias_steps: Largest magnitude of a bias, in its integers.
    """

    one_scale: bool
    output_db: float | None
    rows_db: float | None
    rows_each_db: float | None
    rows: int
    lost_rows: int
    apart: float
    columns: tuple[float | None, float | None] | None = None
    columns_apart: float = 1.0
    bias_limit: int = 0
    bias_steps: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LogitFacts:
    """The scored output's integers beside the decisions it is read for.

    Attributes:
        step: Of its grid.
        close: Fraction of samples whose two best classes are nearer than a step in the float model.
        tied: Fraction of samples whose two best classes are the same integer.
        samples: Samples.
    """

    step: float
    close: float
    tied: float
    samples: int


@dataclass(slots=True, kw_only=True)
class Suspect:
    """One layer. Effects on the output are filled in when all were measured.

    Attributes:
        index: Operator, -1 for an input.
        op: Its name, or `input`.
        layer: The user's layer.
        tensor: What it makes.
        local_db: SQNR of its output when it alone is quantized.
        own_db: SQNR of its output to that of the float operator fed with the same integers: what it adds by itself.
        unbiased_db: The same with the mean error of every channel taken away.
        shift_worst: Largest mean error of a channel it adds by itself, in standard deviations.
        shift_mean: The mean over channels, by magnitude.
        shift_share: Share of its own error that these mean errors are.
        ranges: None where it makes no quantized values.
        weights: None where it has none.
        logits: None where it is not the scored output.
        conversions: Operators QUANTIZE and DEQUANTIZE that its result goes through.
        floating: Whether it computes in float between integers.
        requantized_db: Worst SQNR of its exact values behind such an operator that rounds them again.
        reads: Operators that make what it reads; -1 for an input.
        cut: SQNR of the answer with the tensor rounded to its own grid, and to one that cuts off all but 99.8 % of the
            values, everything before exact; None where there are no outliers.
        base_db: SQNR of the quantized model's output.
        regained_db: See `OpError.regained_db`.
        agreement: How often the quantized model's top-1 is the float model's; None without classes.
        alone_db: SQNR of the output when it alone is quantized.
    """

    index: int
    op: str
    layer: str
    tensor: str
    local_db: float | None = None
    own_db: float | None = None
    unbiased_db: float | None = None
    shift_worst: float = 0.0
    shift_mean: float = 0.0
    shift_share: float = 0.0
    ranges: RangeFacts | None = None
    weights: WeightFacts | None = None
    logits: LogitFacts | None = None
    conversions: int = 0
    floating: bool = False
    requantized_db: float | None = None
    reads: tuple[int, ...] = ()
    cut: tuple[float | None, float | None] | None = None
    base_db: float | None = None
    regained_db: float | None = None
    agreement: float | None = None
    alone_db: float | None = None
    notes: list[str] = field(default_factory=list)


def grid_of(tensor: GraphTensor) -> Grid | None:
    """Return the grid of an activation; None where it is not quantized to integers with one scale."""
    ends = _INTEGERS.get(tensor.dtype)
    if ends is None or tensor.scales != 1 or not tensor.scale > 0:
        return None
    low, high = ((end - tensor.zero_point) * tensor.scale for end in ends)
    return Grid(low=low, high=high, step=tensor.scale)


def behind_conversion(graph: Subgraph, tensor: int) -> int:
    """Return the quantized tensor that a float one was read from, or else the tensor itself."""
    for op in graph.ops:
        if tensor in op.outputs and op.name == "DEQUANTIZE" and graph.tensors[op.inputs[0]].scales:
            return op.inputs[0] if not graph.tensors[op.inputs[0]].constant else tensor
    return tensor


def makers_of(graph: Subgraph, op: GraphOp) -> tuple[int, ...]:
    """Return the operators that make what one reads, those behind operators that hand values on as they are.

    -1 stands for the model's inputs.
    """
    makers, found = graph.producers(), []
    for tensor in op.inputs:
        if tensor < 0 or graph.tensors[tensor].constant:
            continue
        at = makers.get(tensor, -1)
        while at >= 0 and graph.ops[at].name in (*CONVERSIONS, *PASSING):
            at = makers.get(graph.ops[at].inputs[0], -1)
        found.append(at)
    return tuple(found)


def is_island(graph: Subgraph, inputs: tuple[int, ...], outputs: tuple[int, ...]) -> bool:
    """Return whether an operator computes in float although its values come from integers and go to some."""
    if not outputs or graph.tensors[outputs[0]].dtype not in FLOATS:
        return False
    makers = {t: op for op in graph.ops for t in op.outputs}
    read = [i for i in inputs if i >= 0 and not graph.tensors[i].constant]
    back = [op for op in graph.ops if outputs[0] in op.inputs and op.name == "QUANTIZE"]
    return bool(back) and any(i in makers and makers[i].name in CONVERSIONS for i in read)


def range_facts(values: Array, grid: Grid, *, bits: int = 8) -> RangeFacts:
    """Return what grids make of exact values [N, 1, ..., C]."""
    low, high = float(values.min()), float(values.max())
    rows = channels_of(values)
    stride = max(1, rows.size // LOOKED_AT)
    rows = np.ascontiguousarray(rows[::stride], np.float32)
    flat = rows.ravel()
    steps = grid.steps if bits == 8 else 2**bits - 1
    error = grid.rounded(flat) - flat
    noise = power(error)
    outside = (flat < grid.low - grid.step / 2) | (flat > grid.high + grid.step / 2)
    full = grid_over(low, high, steps)
    clip = best_clip(flat, steps)
    grids = [grid, full, grid_over(clip[0], clip[1], steps) if clip else None]
    alike = [grid_alike_db(rows, g) for g in grids if g is not None]
    reach = np.abs(rows).max(axis=0)
    return RangeFacts(
        grid=grid,
        low=low,
        high=high,
        core=(float(np.percentile(flat, 0.1)), float(np.percentile(flat, 99.9))),
        own_db=decibels(power(flat), noise),
        full_db=decibels(power(flat), power(full.rounded(flat) - flat)) if full else None,
        clip=clip,
        cut_share=power(error[outside]) / noise if noise else 0.0,
        beyond=float(outside.mean()),
        alike_db=max((a for a in alike if a is not None), default=None),
        per_channel_db=per_channel_db(rows, steps),
        channels=rows.shape[1],
        narrow=int((reach < NARROW * reach.max(initial=0.0)).sum()),
    )
