"""Corrects a quantized .tflite layer by layer, beside the float model it was made from. Runs in a worker."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from litesmith.core.graph import GraphOp
from litesmith.core.samples import SampleSet
from litesmith.quantize.correction import Correction, LayerStep, correction_named
from litesmith.runtime.editing import EditableModel
from litesmith.runtime.lockstep import Lane, lanes, walk
from litesmith.runtime.weighted import Layer, layer_of, patches, positions, products

Array = npt.NDArray[Any]
FEWEST_POSITIONS, MOST_POSITIONS = 3_000, 12_000
"""Output positions of a layer that its correction looks at, over all samples."""
_PER_WEIGHT = 10
"""Positions per weight of an output channel, within these bounds."""
_ELEMENTS = 1 << 25
"""Numbers that are read of a layer's input at most."""
_BITS = {"int8": 8, "int4": 4}
_BIAS_LIMIT = 2**31 - 1
_LEAST_SCALE = 1e-30


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """What became of a model.

    Attributes:
        layers: Layers that were changed.
        passed_over: Layers with weights that no correction could be applied to, each with the reason.
        samples: Samples that were walked.
    """

    layers: int
    passed_over: tuple[str, ...]
    samples: int


def correct_layers(
    float_model: Path,
    quantized_model: Path,
    out: Path,
    *,
    samples: SampleSet,
    rows: Sequence[int],
    corrections: Sequence[str],
    seed: int = 0,
    only: Sequence[str] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Corrected:
    """Write the model with its layers corrected, in execution order.

    Args:
        float_model: The float model it was made from.
        quantized_model: The quantized model.
        out: Where to write; only a whole file appears there.
        samples: Representative samples.
        rows: Which of them to use.
        corrections: Names of corrections that act on layers, in order.
        seed: Seed of the positions that are looked at.
        only: Output tensors of the layers to correct; None for all.
        progress: Called with (done, total) operators.

    Raises:
        EvaluationError: an operator cannot run alone.
    """
    chosen = [correction_named(name) for name in corrections]
    reference, quantized, used = lanes(float_model, quantized_model, samples, rows)
    changed, passed = [0], []

    def before(floats: Lane, integers: Lane, twin: GraphOp, op: GraphOp) -> None:
        name = integers.model.main.tensors[op.outputs[0]].name
        if only is not None and name not in only:
            return
        step = step_of(floats, integers, twin, op, seed=seed)
        if isinstance(step, str):
            if step:
                passed.append(f"{name}: {step}")
            return
        apply(step, chosen)
        _write(integers.model, op, step)
        changed[0] += 1

    walk(reference, quantized, before=before, on_progress=progress)
    quantized.model.save(out)
    return Corrected(layers=changed[0], passed_over=tuple(passed), samples=len(used))


def apply(step: LayerStep, corrections: Sequence[Correction]) -> None:
    """Let each correction change the step."""
    for correction in corrections:
        assert correction.correct is not None
        correction.correct(step)


def step_of(floats: Lane, integers: Lane, twin: GraphOp, op: GraphOp, *, seed: int) -> LayerStep | str:
    """Return a layer as the step that corrections change; the reason in words where none can, empty without weights."""
    graph, own = floats.model.main, integers.model.main
    layer, quantized = layer_of(twin, graph), layer_of(op, own)
    if layer is None or graph.tensors[twin.inputs[1]].dtype != "float32":
        return ""
    if quantized is None:
        return f"its weights are not {op.name}'s own"
    weights = own.tensors[op.inputs[1]]
    if weights.dtype not in _BITS or not weights.scales or weights.block_size:
        return f"weights in {weights.dtype}" if weights.dtype != "float32" else ""
    if _shared(integers.model, op.inputs[1]):
        return "several operators share its weights"
    shape = tuple(int(size) for size in floats.values[twin.inputs[0]].shape[1:])
    output = _output_shape(layer, graph.tensors[twin.outputs[0]].shape, shape)
    count = len(floats.values[twin.inputs[0]])
    weights_each = 1 if layer.depthwise else int(np.prod(layer.shape[1:]))
    wanted = min(MOST_POSITIONS, max(FEWEST_POSITIONS, _PER_WEIGHT * weights_each), max(1, _ELEMENTS // weights_each))
    places = positions(layer, output, rows=wanted, samples=count, seed=seed)
    inputs = patches(layer, floats.values[twin.inputs[0]], output, places, spec=floats.spec(twin.inputs[0]))
    fed = patches(layer, integers.values[op.inputs[0]], output, places, spec=integers.spec(op.inputs[0]))
    matrix = layer.matrix(floats.model.values(twin.inputs[1]).astype(np.float64))
    bias = floats.model.values(layer.bias).astype(np.float64) if layer.bias >= 0 else np.zeros(len(matrix))
    found = integers.model.scales(op.inputs[1]).astype(np.float64)
    return LayerStep(
        layer=layer,
        matrix=matrix,
        inputs=inputs,
        fed=fed,
        groups=np.repeat(np.arange(count), [len(chosen) for chosen in places]),
        targets=products(layer, inputs, matrix) + bias.astype(np.float32),
        limits=_limits(layer, own.tensors[op.outputs[0]]),
        bits=_BITS[weights.dtype],
        per_row=len(found) > 1 or len(matrix) == 1,
        integers=layer.matrix(integers.model.values(op.inputs[1])).astype(np.float64),
        scales=found if len(found) > 1 else np.full(len(matrix), found[0]),
        bias=_bias(integers.model, quantized),
    )


def _shared(model: EditableModel, tensor: int) -> bool:
    return sum(tensor in op.inputs for op in model.main.ops) > 1


def _output_shape(layer: Layer, declared: tuple[int, ...], fed: tuple[int, ...]) -> tuple[int, ...]:
    """Return the output's shape for one sample; a dense layer's follows from what it is fed."""
    if layer.op.name == "FULLY_CONNECTED":
        return (int(np.prod(fed)) // layer.shape[-1], layer.shape[0])
    return tuple(max(size, 1) for size in declared)


def _limits(layer: Layer, output: Any) -> tuple[float, float]:
    """Return what the activation and the integers of the output leave of a value."""
    low, high = layer.limits
    if output.scales and output.dtype in ("int8", "int16"):
        ends = np.iinfo(output.dtype)
        low = max(low, (ends.min - output.zero_point) * output.scale)
        high = min(high, (ends.max - output.zero_point) * output.scale)
    return float(low), float(high)


def _bias(model: EditableModel, layer: Layer) -> npt.NDArray[np.float64] | None:
    if layer.bias < 0 or _shared(model, layer.bias):
        return None
    values = model.values(layer.bias).astype(np.float64)
    scales = model.scales(layer.bias).astype(np.float64)
    return values * scales if len(scales) else values


def _write(model: EditableModel, op: GraphOp, step: LayerStep) -> None:
    """Put a corrected step into the model: weights, their scales, and the bias on the scale that follows from both."""
    weights, bias = op.inputs[1], op.inputs[2] if len(op.inputs) > 2 else -1
    scales = np.maximum(step.scales, _LEAST_SCALE)
    model.set_values(weights, step.layer.weights(step.integers).astype(np.int8))
    model.set_scales(weights, (scales if step.per_row else scales[:1]).astype(np.float32), axis=step.layer.axis)
    if bias < 0:
        return
    fed = model.scales(op.inputs[0])
    dtype = model.values(bias).dtype
    if dtype.kind == "f" or not len(fed):
        if step.bias is not None:
            model.set_values(bias, step.bias.astype(dtype))
        return
    steps = scales * float(fed[0])
    real = step.bias if step.bias is not None else model.values(bias) * model.scales(bias).astype(np.float64)
    limit = _BIAS_LIMIT if dtype == np.int32 else 2**40
    model.set_values(bias, np.clip(np.rint(real / steps), -limit, limit).astype(dtype))
    model.set_scales(bias, (steps if step.per_row else steps[:1]).astype(np.float32))
