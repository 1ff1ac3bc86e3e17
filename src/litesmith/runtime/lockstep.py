"""Runs a float model and a quantized one side by side, operator by operator, over all samples at once.

Every operator runs alone with the runtime's own kernel, so that a layer can be changed when its inputs are known and
before its output is made: what comes after then sees the change. One walk costs about one inference of each model per
sample.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from litesmith.core.errors import EvaluationError
from litesmith.core.graph import GraphOp, Subgraph, spec_of
from litesmith.core.isolated import usable_cores
from litesmith.core.samples import SampleSet
from litesmith.core.tensors import TensorSpec, dequantize
from litesmith.runtime.editing import EditableModel
from litesmith.runtime.feeding import feeders, match
from litesmith.runtime.flatbuffer import read_graph
from litesmith.runtime.single_op import SingleOp

Array = npt.NDArray[Any]
OnProgress = Callable[[int, int], None]
MEMORY_BYTES = 2_000_000_000
"""Bytes that the activations of both models may take together; fewer samples are walked where they would take more."""


class Lane:
    """One of the two models, with the activations that are still to be read.

    Args:
        model: The model.
        feeds: One array [N, 1, ...] per input, as the model takes it.
        threads: Interpreter threads.
    """

    def __init__(self, model: EditableModel, feeds: Sequence[Array], *, threads: int) -> None:
        graph = model.main
        self.model = model
        self.threads = threads
        self.values: dict[int, Array] = dict(zip(graph.inputs, feeds, strict=True))
        self.count = len(feeds[0]) if feeds else 1
        self._last = {tensor: op.index for op in graph.ops for tensor in op.inputs}
        self._last.update(dict.fromkeys(graph.outputs, len(graph.ops)))

    def run(self, op: GraphOp) -> None:
        """Run an operator over all samples, keep what it makes, and drop what nothing reads any more."""
        single = SingleOp(self.model, op.index, threads=self.threads)
        made = single.run_all([self.values[tensor] for tensor in single.fed], count=self.count)
        self.values.update(zip(op.outputs, made, strict=True))
        for tensor in [t for t in self.values if self._last.get(t, -1) <= op.index]:
            del self.values[tensor]

    def real(self, tensor: int) -> Array:
        """Return an activation's real values, float32 [N, ...]."""
        return dequantize(self.values[tensor], self.spec(tensor))

    def spec(self, tensor: int) -> TensorSpec:
        """Return what the numbers of an activation stand for."""
        return spec_of(self.model.main.tensors[tensor])


Visit = Callable[[Lane, Lane, GraphOp, GraphOp], None]
"""Called with (float lane, quantized lane, float operator, quantized operator); inputs of both are in the lanes."""


def walk(
    reference: Lane,
    quantized: Lane,
    *,
    before: Visit | None = None,
    after: Visit | None = None,
    on_progress: OnProgress | None = None,
) -> None:
    """Run both models to their ends.

    Args:
        reference: The float model.
        quantized: The model made from it.
        before: Called for each pair of operators before they run.
        after: Called once they ran, while their outputs are there.
        on_progress: Called with (done, total) operators.

    Raises:
        EvaluationError: an operator cannot run alone, or the models do not have the same operators in the same order.
    """
    twins = twin_ops(reference.model.main, quantized.model.main)
    ops = quantized.model.main.ops
    ran = 0
    for op in ops:
        twin = twins.get(op.index)
        if twin is not None:
            for earlier in reference.model.main.ops[ran : twin.index]:
                reference.run(earlier)
            ran = max(ran, twin.index)
            if before is not None:
                before(reference, quantized, twin, op)
            reference.run(twin)
            ran = twin.index + 1
        quantized.run(op)
        if twin is not None and after is not None:
            after(reference, quantized, twin, op)
        if on_progress is not None:
            on_progress(op.index + 1, len(ops))


def twin_ops(reference: Subgraph, quantized: Subgraph) -> dict[int, GraphOp]:
    """Return the float operator of each quantized one, by position; operators that only convert have none.

    Twins make tensors of the same name, and are of the same kind.

    Raises:
        EvaluationError: their order differs, so that the models cannot be walked together.
    """
    makers = {reference.tensors[op.outputs[0]].name: op for op in reference.ops if op.outputs}
    found: dict[int, GraphOp] = {}
    last = -1
    for op in quantized.ops:
        twin = makers.get(quantized.tensors[op.outputs[0]].name) if op.outputs else None
        if twin is None or twin.name != op.name:
            continue
        if twin.index <= last:
            raise EvaluationError(f"the order of operators differs at {op.name} {op.index}")
        found[op.index] = twin
        last = twin.index
    return found


def sample_bytes(graph: Subgraph) -> int:
    """Return the most bytes that a float model's activations take for one sample, as float32, while it is walked."""
    sizes = {t.index: 4 * int(np.prod([max(d, 1) for d in t.shape])) for t in graph.activations()}
    last = {tensor: op.index for op in graph.ops for tensor in op.inputs}
    alive = {tensor: sizes.get(tensor, 0) for tensor in graph.inputs}
    most = sum(alive.values())
    for op in graph.ops:
        alive.update({tensor: sizes.get(tensor, 0) for tensor in op.outputs})
        most = max(most, sum(alive.values()))
        alive = {tensor: size for tensor, size in alive.items() if last.get(tensor, -1) > op.index}
    return most


def affordable_samples(path: Path) -> int:
    """Return how many samples both models can be walked with inside `MEMORY_BYTES`, at least one."""
    return max(1, int(MEMORY_BYTES / max(1.5 * sample_bytes(read_graph(path).main), 1)))


def feeds_of(model: EditableModel, samples: SampleSet, rows: Sequence[int]) -> list[Array]:
    """Return what a model is fed for some samples: one array [N, 1, ...] per input, in its own number type."""
    specs = model.graph.input_specs
    stored = [np.asarray(samples.raw(position)) for position in match(samples, specs)]
    made = []
    for feed, values in zip(feeders(samples, specs), stored, strict=True):
        made.append(np.stack([np.array(feed(values[row : row + 1])) for row in rows]))
    return made


def lanes(
    float_model: Path, quantized_model: Path, samples: SampleSet, rows: Sequence[int]
) -> tuple[Lane, Lane, list[int]]:
    """Return both models fed with some of the samples, and which: fewer where memory would not do.

    Raises:
        SourceError: one is no valid model.
        DatasetError: an input has no samples.
    """
    reference, quantized = EditableModel(float_model), EditableModel(quantized_model)
    most = affordable_samples(float_model)
    if len(rows) > most:
        rows = [rows[i] for i in np.linspace(0, len(rows) - 1, most).astype(int)]
    own = feeds_of(reference, samples, rows)
    threads = usable_cores()
    return (
        Lane(reference, own, threads=threads),
        Lane(quantized, feeds_of(quantized, samples, rows), threads=threads),
        list(rows),
    )
