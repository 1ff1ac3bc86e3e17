"""Reads one tensor of a model over many samples: what its answers are judged by."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from litesmith.core.errors import EvaluationError
from litesmith.core.graph import CONVERSIONS, Subgraph, spec_of
from litesmith.core.samples import SampleSet
from litesmith.core.tensors import dequantize
from litesmith.runtime.feeding import feeders, match
from litesmith.runtime.flatbuffer import read_graph
from litesmith.runtime.interpreter import OpenModel
from litesmith.runtime.run_samples import input_shapes

_SQUASHING = ("SOFTMAX", "LOGISTIC")


def judged_tensor(graph: Subgraph, output: int) -> str:
    """Return the name of the tensor that tells most of an output: what a final SOFTMAX or LOGISTIC reads, or itself."""
    makers = {op.outputs[0]: op for op in graph.ops if op.outputs}
    tensor = graph.outputs[output]
    maker = makers.get(tensor)
    while maker is not None and maker.name in CONVERSIONS:
        tensor = maker.inputs[0]
        maker = makers.get(tensor)
    if maker is not None and maker.name in _SQUASHING:
        tensor = maker.inputs[0]
    return graph.tensors[tensor].name


def values_of(path: Path, tensor: str, samples: SampleSet, rows: Sequence[int]) -> npt.NDArray[np.float32]:
    """Return a tensor's real values over some samples, float32 [N, ...]. Runs in a worker.

    Raises:
        EvaluationError: the model has no such tensor, or does not run.
    """
    graph = read_graph(path).main
    found = next((t for t in graph.tensors if t.name == tensor), None)
    if found is None:
        raise EvaluationError(f"{path.name} has no tensor '{tensor}'", hint="Compare a model with what was made of it.")
    opened = OpenModel(path, preserve=True, shapes=input_shapes(path, samples))
    feeds = feeders(samples, opened.inputs)
    stored = [np.asarray(samples.raw(position)) for position in match(samples, opened.inputs)]
    made = []
    for row in rows:
        opened.feed(feeds, [values[row : row + 1] for values in stored])
        made.append(next(opened.activations([found.index])).copy())
    return dequantize(np.stack(made), spec_of(found))
