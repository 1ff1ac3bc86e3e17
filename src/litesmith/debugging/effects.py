"""What one layer alone does to the answer: only it quantized in the float model, only it float in the quantized one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from litesmith.core.debugging import Effect, Rate
from litesmith.core.errors import EvaluationError
from litesmith.core.graph import CONVERSIONS, GraphOp, Subgraph, spec_of
from litesmith.core.tensors import dequantize
from litesmith.debugging.constants import scaled_constants
from litesmith.debugging.noise import Grid, sqnr
from litesmith.debugging.scaled_channels import Scaled
from litesmith.runtime.editing import EditableModel, packed
from litesmith.runtime.lockstep import Lane
from litesmith.runtime.single_op import Part
from litesmith.runtime.splicing import spliced

Array = npt.NDArray[Any]
SQUASHING = "SOFTMAX"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """How answers are judged. Functions are given, as they belong to another stage.

    Attributes:
        interval: Takes successes and samples; returns the interval of their rate.
        classes: Takes a shape [N, ...]; returns how many classes its scores are of, or None.
        predicted: Takes scores [N, C]; returns the class of each sample.
    """

    interval: Callable[[int, int], tuple[float, float]]
    classes: Callable[[tuple[int, ...]], int | None]
    predicted: Callable[[Array], Array]

    def effect(self, exact: Array, found: Array, labels: Sequence[int] | None) -> Effect:
        """Return what an answer is like beside the float model's, both [N, ...]."""
        count = len(exact)
        exact, found = _scores(exact), _scores(found)
        made = Effect(sqnr_db=sqnr(exact, found), samples=count)
        if self.classes(exact.shape) is None:
            return made
        mine = self.predicted(found)
        return Effect(
            sqnr_db=made.sqnr_db,
            samples=count,
            agreement=self.rate(mine == self.predicted(exact)),
            top1=None if labels is None else self.rate(mine == np.asarray(labels)),
        )

    def right(self, exact: Array, labels: Sequence[int] | None) -> Rate | None:
        """Return how often an answer is right; None without labels or classes."""
        exact = _scores(exact)
        if labels is None or self.classes(exact.shape) is None:
            return None
        return self.rate(self.predicted(exact) == np.asarray(labels))

    def rate(self, hits: Array) -> Rate:
        """Return a share of samples with its interval."""
        number, count = int(hits.sum()), len(hits)
        return Rate(value=number / count, n=count, interval=self.interval(number, count))


def _scores(values: Array) -> Array:
    """Return outputs [N, 1, ...] of single samples as those of a batch, [N, ...]."""
    return values[:, 0] if values.ndim > 2 and values.shape[1] == 1 else values


def scored_tensor(graph: Subgraph, output: int) -> int:
    """Return the tensor that an output is read from: before a final SOFTMAX, and behind conversions."""
    makers = graph.producers()
    tensor = graph.outputs[output]
    ahead = tensor
    while ahead in makers and graph.ops[makers[ahead]].name in (*CONVERSIONS, SQUASHING):
        op = graph.ops[makers[ahead]]
        ahead = op.inputs[0]
        if op.name == SQUASHING:
            return _plain(graph, ahead)
    return _plain(graph, tensor)


def _plain(graph: Subgraph, tensor: int) -> int:
    """Return what a tensor was converted from, as far back as there are conversions of computed values."""
    makers = graph.producers()
    while tensor in makers and graph.ops[makers[tensor]].name in CONVERSIONS:
        source = graph.ops[makers[tensor]].inputs[0]
        if source not in makers:
            break
        tensor = source
    return tensor


def needed(graph: Subgraph, first: int, target: int) -> list[int]:
    """Return the operators from `first` on that a tensor depends on, in execution order."""
    wanted, found = {target}, []
    for op in reversed(graph.ops[first:]):
        if wanted.intersection(op.outputs):
            found.append(op.index)
            wanted.update(i for i in op.inputs if i >= 0)
    return found[::-1]


class Effects:
    """Runs the rest of a model behind one changed layer.

    Args:
        reference: The float model.
        quantized: The quantized model.
        scaled: Factors of its channels.
        scored: The scored tensor of both.
        rows: Positions of the samples in the lanes that effects are measured on.
    """

    def __init__(
        self,
        reference: EditableModel,
        quantized: EditableModel,
        *,
        scaled: Scaled,
        scored: tuple[int, int],
        rows: Sequence[int],
    ) -> None:
        self._reference, self._quantized, self._scaled = reference, quantized, scaled
        self.scored = scored
        self.rows = np.asarray(rows)

    def only_quantized(self, floats: Lane, twin: GraphOp, made: Mapping[int, Array]) -> Array | None:
        """Return the scored values of the float model with an operator's results replaced; None where none is needed.

        Args:
            floats: The float model's lane, the operator run.
            twin: The operator.
            made: Its results in the float model's terms, for the samples that effects are measured on.
        """
        target = self.scored[0]
        if target in made:
            return np.asarray(made[target], np.float32)
        ops = needed(self._reference.main, twin.index + 1, target)
        if not ops:
            return None
        part, fed = self._reference.extract(ops, [target])
        if not set(made).intersection(fed):
            return None
        tail = Part(packed(part), fed, label="the rest of the float model", threads=floats.threads)
        columns = [made[t] if t in made else floats.values[t][self.rows] for t in fed]
        return np.asarray(tail.run_all(columns)[0], np.float32)

    def only_float(
        self, integers: Lane, op: GraphOp | None, twin: GraphOp | None, *, exact: Mapping[int, Array]
    ) -> Array | None:
        """Return the scored values of the quantized model with one layer float; None where none is needed.

        Args:
            integers: The quantized model's lane, the operator not yet run.
            op: The operator; None for the model's input.
            twin: The float model's.
            exact: For an input: its exact values, by tensor.

        Raises:
            EvaluationError: it cannot be made, as with constants of 4 bits.
        """
        graph, target = self._quantized.main, self.scored[1]
        ops = needed(graph, 0 if op is None else op.index, target)
        tensor = next(iter(exact)) if op is None else op.outputs[0]
        if not ops or (op is not None and op.index not in ops):
            return None
        constants = {}
        if op is not None and twin is not None:
            constants = scaled_constants(self._reference, self._quantized, twin, op, self._scaled)
        content, fed, real = spliced(self._quantized, ops, tensor, target, constants=constants)
        part = Part(content, fed, label="the quantized model with a float layer", threads=integers.threads)
        own = dict(exact) if op is None or twin is None else self._float_constants(op, twin)
        columns = [own[t] if t in own else integers.values[t][self.rows] for t in fed]
        values = part.run_all(columns)[0]
        found = values if real else dequantize(values, spec_of(graph.tensors[target]))
        return np.asarray(found, np.float32)

    def with_grids(self, integers: Lane, op: GraphOp, exact: Array, grids: Sequence[Grid]) -> list[Array] | None:
        """Return the scored values of the quantized model with what an operator makes exact, but rounded to a grid.

        Args:
            integers: The quantized model's lane, the operator run.
            op: The operator.
            exact: Exact values of what it makes, for the samples of effects.
            grids: Grids; scored values are returned for each. None where the output does not depend on it.
        """
        graph, target = self._quantized.main, self.scored[1]
        ops = needed(graph, op.index + 1, target)
        if not ops:
            return None
        content, fed, real = spliced(self._quantized, ops, op.outputs[0], target, constants={})
        part = Part(content, fed, label="the rest of the quantized model", threads=integers.threads)
        made = []
        for grid in grids:
            columns = [grid.rounded(exact) if t == op.outputs[0] else integers.values[t][self.rows] for t in fed]
            values = part.run_all(columns)[0]
            found = values if real else dequantize(values, spec_of(graph.tensors[target]))
            made.append(np.asarray(found, np.float32))
        return made

    def _float_constants(self, op: GraphOp, twin: GraphOp) -> dict[int, Array]:
        """Return the float model's constants that the quantized one computes from integers before they are read."""
        found = {}
        for whole, own in zip(op.inputs, twin.inputs, strict=False):
            if whole < 0 or own < 0 or self._quantized.main.tensors[whole].constant:
                continue
            if self._reference.main.tensors[own].constant:
                values = self._reference.values(own)
                found[whole] = np.broadcast_to(values, (len(self.rows), *values.shape))
        return found


def require_walkable(graph: Subgraph, what: str) -> None:
    """Refuse a model whose operators cannot be run one by one.

    Raises:
        EvaluationError: it has control flow.
    """
    calls = sorted({op.name for op in graph.ops if op.calls})
    if calls:
        raise EvaluationError(
            f"{what} has control flow ({', '.join(calls)}), whose operators cannot be run one by one",
            hint="Unroll loops before converting; litesmith compare holds the two files against each other as wholes.",
        )
