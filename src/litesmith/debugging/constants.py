"""What rounding does to the weights and the bias of a layer."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from litesmith.core.errors import EvaluationError
from litesmith.core.graph import GraphOp
from litesmith.debugging.noise import alike_db, decibels
from litesmith.debugging.scaled_channels import Scaled
from litesmith.debugging.suspect import WeightFacts
from litesmith.runtime.editing import EditableModel
from litesmith.runtime.splicing import real_values
from litesmith.runtime.weighted import Layer, layer_of

Array = npt.NDArray[Any]
_LOST = 0.1
"""Share of a channel's weights, as power, that rounding may take before the channel counts as lost."""
_LIMITS = {"int32": 2**31 - 1, "int64": 2**63 - 1}


def scaled_constants(
    reference: EditableModel, quantized: EditableModel, twin: GraphOp, op: GraphOp, scaled: Scaled
) -> dict[int, Array]:
    """Return the float model's constants of an operator as the quantized model is to hold them, by its tensors.

    Raises:
        EvaluationError: one cannot be read.
    """
    found: dict[int, Array] = {}
    layer = layer_of(twin, reference.main)
    made, fed = scaled.factors.get(op.outputs[0]), scaled.factors.get(op.inputs[0])
    for whole, own in zip(op.inputs, twin.inputs, strict=False):
        if whole < 0 or own < 0 or not quantized.main.tensors[whole].scales:
            continue
        if not quantized.main.tensors[whole].constant or not reference.main.tensors[own].constant:
            continue
        values = real_values(reference, own)
        if made is not None or fed is not None:
            if layer is None:
                continue
            values = _scaled(layer, values, made, fed, bias=own == layer.bias)
        if values.shape == quantized.values(whole).shape:
            found[whole] = values
    return found


def _scaled(layer: Layer, values: Array, made: Array | None, fed: Array | None, *, bias: bool) -> Array:
    if bias:
        return values if made is None else np.asarray(values * np.resize(made, values.shape), np.float32)
    matrix = layer.matrix(values).astype(np.float64)
    if made is not None:
        matrix = matrix * np.resize(made, len(matrix))[:, None]
    if fed is not None and layer.depthwise:
        matrix = matrix / np.repeat(fed, max(1, len(matrix) // len(fed)))[:, None]
    elif fed is not None:
        matrix = matrix / np.resize(fed, matrix.shape[1])
    return np.asarray(layer.weights(matrix), np.float32)


def weight_facts(
    quantized: EditableModel,
    op: GraphOp,
    wanted: dict[int, Array],
    *,
    output_db: float | None,
    fed: tuple[Array, Array] | None,
) -> WeightFacts | None:
    """Return what rounding does to a layer's constants; None where it has no quantized weights that can be read.

    Args:
        quantized: The quantized model.
        op: The operator.
        wanted: Exact constants, as of `scaled_constants`.
        output_db: SQNR of its output when only they are rounded.
        fed: Power and reach of each channel that it reads, exact values; None where they are not known.
    """
    layer = layer_of(op, quantized.main)
    if layer is None or op.inputs[1] not in wanted:
        return None
    try:
        rounded = layer.matrix(real_values(quantized, op.inputs[1])).astype(np.float64)
    except EvaluationError:
        return None
    exact = layer.matrix(wanted[op.inputs[1]]).astype(np.float64)
    signals, noises = np.square(exact).sum(axis=1), np.square(rounded - exact).sum(axis=1)
    reach = np.abs(exact).max(axis=1)
    steps = np.maximum(reach / 127, np.finfo(np.float64).tiny)[:, None]
    each = np.square(np.rint(exact / steps) * steps - exact).sum(axis=1)
    alive = reach > reach.max(initial=0.0) * 1e-6
    columns, columns_apart = _columns(layer, exact, fed)
    limit, largest = _bias(quantized, layer, wanted)
    return WeightFacts(
        one_scale=quantized.main.tensors[op.inputs[1]].scales == 1 and len(exact) > 1,
        output_db=output_db,
        rows_db=alike_db(signals, noises),
        rows_each_db=alike_db(signals, each),
        rows=len(exact),
        lost_rows=int((noises[alive] > _LOST * signals[alive]).sum()),
        apart=float(reach.max() / reach[alive].min()) if alive.any() else 1.0,
        columns=columns,
        columns_apart=columns_apart,
        bias_limit=limit,
        bias_steps=largest,
    )


def _columns(
    layer: Layer, exact: Array, fed: tuple[Array, Array] | None
) -> tuple[tuple[float | None, float | None] | None, float]:
    """Return the SQNR of the sums with a scale per row and that with even channels, and how far weights are apart.

    Rounding errors of weights are taken for independent: each adds its square times the power of what it is multiplied
    with. With channels of one size, each column is multiplied by its channel's reach before it is rounded.
    """
    if fed is None or layer.depthwise or exact.shape[1] % len(fed[0]):
        return None, 1.0
    power, reach = (np.resize(v.astype(np.float64), exact.shape[1]) for v in fed)
    reach = np.maximum(reach, reach.max(initial=0.0) * 1e-6)
    if not reach.max(initial=0.0):
        return None, 1.0
    signal = float((np.square(exact) * power).sum())
    now, then = (
        float((np.square(_rounded(exact * factors) / factors - exact) * power).sum())
        for factors in (np.ones_like(reach), reach)
    )
    sizes = np.abs(exact).reshape(len(exact), -1, len(fed[0])).max(axis=(0, 1))
    alive = (sizes > 0) & (fed[0] > 0)
    apart = float(sizes[alive].max() / sizes[alive].min()) if alive.any() else 1.0
    return (decibels(signal, now), decibels(signal, then)), apart


def _rounded(matrix: Array) -> Array:
    """Return weights rounded with a scale for each row."""
    step = np.maximum(np.abs(matrix).max(axis=1, keepdims=True) / 127, np.finfo(np.float64).tiny)
    return np.asarray(np.rint(matrix / step) * step)


def _bias(quantized: EditableModel, layer: Layer, wanted: dict[int, Array]) -> tuple[int, float]:
    """Return how many channels' biases do not fit into their integers, and the largest in steps."""
    if layer.bias < 0 or layer.bias not in wanted:
        return 0, 0.0
    limit = _LIMITS.get(quantized.main.tensors[layer.bias].dtype)
    scales = quantized.scales(layer.bias).astype(np.float64)
    if limit is None or not len(scales):
        return 0, 0.0
    values = np.abs(quantized.values(layer.bias).astype(np.float64))
    asked = np.abs(wanted[layer.bias].astype(np.float64).ravel()) / np.maximum(scales, np.finfo(np.float64).tiny)
    return int(((values >= limit) | (asked > limit)).sum()), float(max(values.max(), asked.max()))
