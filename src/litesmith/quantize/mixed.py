"""Mixed precision: an integer model with some operators in float, and what that changes. Runs in a worker."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from litesmith.core.errors import EvaluationError
from litesmith.core.graph import GraphOp, Subgraph
from litesmith.core.samples import SampleSet
from litesmith.runtime.editing import EditableModel
from litesmith.runtime.flatbuffer import read_graph
from litesmith.runtime.one_tensor import values_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What a mixed model does to the judged tensor.

    Attributes:
        noise: Power of the difference to float, one per sample; empty when the model could not be made or run.
        size_bytes: Of the file.
        float_ops: Output tensors of the operators that compute in float.
        reason: Why it could not be made or run.
    """

    noise: tuple[float, ...] = ()
    size_bytes: int = 0
    float_ops: tuple[str, ...] = ()
    reason: str = ""


def with_float(recipe: list[dict[str, Any]], graph: Subgraph, outputs: Collection[str]) -> list[dict[str, Any]]:
    """Return the recipe with some operators left in float.

    Args:
        recipe: The quantizer's recipe.
        graph: The float model's main subgraph.
        outputs: First output tensor of each operator that is to stay float.

    Raises:
        EvaluationError: no operator makes one of the tensors.
    """
    from litert_quantizer import qtyping, recipe_manager
    from litert_quantizer.quantizer import AlgorithmName
    from litert_quantizer.utils.tfl_flatbuffer_utils import TFL_OP_CODE_TO_NAME

    makers = {graph.tensors[op.outputs[0]].name: op for op in graph.ops if op.outputs}
    manager = recipe_manager.RecipeManager()
    manager.load_quantization_recipe(recipe)
    for name in outputs:
        if name not in makers:
            raise EvaluationError(f"no operator makes a tensor '{name}' that could stay float")
        code = getattr(qtyping.BuiltinOperator, makers[name].name, None)
        if code in TFL_OP_CODE_TO_NAME:  # what the quantizer does not know is float as it is
            manager.add_quantization_config(
                _scope(graph, makers[name]), TFL_OP_CODE_TO_NAME[code], None, AlgorithmName.NO_QUANTIZE
            )
    return list(manager.get_quantization_recipe())


def _scope(graph: Subgraph, op: GraphOp) -> str:
    """Return the expression that matches this operator's scope alone: its outputs' names, each with a semicolon."""
    names = "".join(f"{graph.tensors[index].name};" for index in op.outputs if index >= 0)
    return f"^{re.escape(names)}$"


def graft(path: Path, donor: Path) -> int:
    """Take the constants of a corrected model over into one whose operators are partly float; return of how many ops.

    An operator takes them where it is fed and answers on the scales it has in the donor: its corrected weights and
    bias are then right as they are.
    """
    model, giver = EditableModel(path), EditableModel(donor)
    graph, theirs = model.main, giver.main
    makers = {theirs.tensors[op.outputs[0]].name: op for op in theirs.ops if op.outputs}
    done = 0
    for op in graph.ops:
        twin = makers.get(graph.tensors[op.outputs[0]].name) if op.outputs else None
        if twin is None or twin.name != op.name or len(twin.inputs) != len(op.inputs):
            continue
        pairs = [
            (a, b) for a, b in zip((*op.inputs, *op.outputs), (*twin.inputs, *twin.outputs), strict=True) if a >= 0
        ]
        constants = [(a, b) for a, b in pairs if graph.tensors[a].constant and graph.tensors[a].scales]
        fed = [(a, b) for a, b in pairs if not graph.tensors[a].constant]
        if not constants or not all(_alike(graph, a, theirs, b, scales=True) for a, b in fed):
            continue
        if not all(_alike(graph, a, theirs, b, scales=False) for a, b in constants):
            continue
        for own, other in constants:
            model.set_values(own, giver.values(other))
            model.set_scales(
                own, giver.scales(other), zero_point=giver.zero_point(other), axis=theirs.tensors[other].axis
            )
        done += 1
    model.save(path)
    return done


def _alike(graph: Subgraph, own: int, theirs: Subgraph, other: int, *, scales: bool) -> bool:
    if other < 0:
        return False
    a, b = graph.tensors[own], theirs.tensors[other]
    same = a.dtype == b.dtype and a.scales == b.scales and a.constant == b.constant
    if scales:
        return same and a.zero_point == b.zero_point and bool(np.isclose(a.scale, b.scale, rtol=1e-5, atol=0))
    return same and a.shape == b.shape


def effect(
    float_model: Path,
    donor: Path,
    folder: Path,
    *,
    scheme: str,
    ranges: dict[str, tuple[float, float]],
    interface: Any,
    outputs: Sequence[str],
    tensor: str,
    samples: SampleSet,
    rows: Sequence[int],
    real: Path,
) -> Effect:
    """Return what an integer model does when some of its operators are float and the others stay as corrected.

    Args:
        float_model: The float model the integer one was made from.
        donor: The corrected integer model.
        folder: Where to work.
        scheme: The integer scheme.
        ranges: Ranges of the activations.
        interface: Number type of inputs and outputs.
        outputs: First output tensor of each operator that is to be float.
        tensor: The judged tensor.
        samples: Calibration samples.
        rows: Those to run.
        real: The float model's values of the tensor on these rows, .npy float32 [rows, ...].
    """
    from litesmith.quantize.build import build

    path = folder / f"{os.getpid()}.tflite"
    try:
        build(float_model, path, scheme=scheme, ranges=ranges, interface=interface, keep_float=tuple(outputs))
        graft(path, donor)
        values = values_of(path, tensor, samples, rows)
    except EvaluationError as error:
        return Effect(reason=error.message)
    expected = np.load(real)
    wrong = values.astype(np.float64).reshape(len(values), -1) - expected.reshape(len(values), -1)
    graph = read_graph(path).main
    islands = tuple(graph.tensors[op.outputs[0]].name for op in graph.float_ops() if op.outputs)
    size_bytes = path.stat().st_size
    path.unlink()
    return Effect(noise=tuple(np.square(wrong).mean(axis=1).tolist()), size_bytes=size_bytes, float_ops=islands)
