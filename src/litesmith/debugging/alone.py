"""Runs one operator alone on what the float model feeds it, in each of the ways that tell its errors apart."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from litesmith.core.graph import FLOATS, GraphOp, spec_of
from litesmith.core.tensors import dequantize, quantize
from litesmith.debugging.scaled_channels import Scaled
from litesmith.debugging.suspect import behind_conversion, grid_of
from litesmith.runtime.editing import EditableModel
from litesmith.runtime.lockstep import Lane
from litesmith.runtime.single_op import SingleOp
from litesmith.runtime.splicing import real_values

Array = npt.NDArray[Any]


class Alone:
    """Runs single operators.

    Args:
        reference: The float model.
        quantized: The quantized model.
        scaled: Factors of its channels.
        rows: Positions of the samples in the lanes that all but `local` is run for.
    """

    def __init__(self, reference: EditableModel, quantized: EditableModel, *, scaled: Scaled, rows: Array) -> None:
        self._reference, self._quantized, self._scaled, self._rows = reference, quantized, scaled, rows
        self._shadow = reference.copied()

    def local(self, floats: Lane, integers: Lane, twin: GraphOp, op: GraphOp) -> list[Array]:
        """Return what the quantized operator makes of the float model's values, over all samples.

        Raises:
            EvaluationError: it cannot run alone.
        """
        single = SingleOp(self._quantized, op.index, threads=integers.threads)
        fed = [self._feed(floats, integers, twin, op, tensor) for tensor in single.fed]
        return single.run_all(fed, count=floats.count)

    def fed_channels(self, floats: Lane, twin: GraphOp, op: GraphOp) -> tuple[Array, Array] | None:
        """Return power and reach of each channel of what an operator reads first, as the quantized model is to hold it.

        None where it has no channels, or stands for other real values than the float model's.
        """
        graph = self._quantized.main
        if not op.inputs or op.inputs[0] < 0 or (self._quantized.graph.byte_inputs and op.inputs[0] in graph.inputs):
            return None
        if self._reference.main.tensors[twin.inputs[0]].constant:
            return None
        exact = self._scaled.of(op.inputs[0], floats.real(twin.inputs[0])[self._rows])
        rows = exact.reshape(-1, exact.shape[-1])
        return np.square(rows, dtype=np.float64).mean(axis=0), np.abs(rows).max(axis=0)

    def _feed(self, floats: Lane, integers: Lane, twin: GraphOp, op: GraphOp, tensor: int) -> Array:
        """Return an input of an operator as the float model has it, rounded to the quantized model's integers."""
        graph = self._quantized.main
        found = graph.tensors[tensor]
        if tensor in graph.inputs or (found.dtype not in FLOATS and not found.scales):
            return integers.values[tensor]
        own = twin.inputs[op.inputs.index(tensor)]
        if self._reference.main.tensors[own].constant:
            return integers.values[tensor]
        exact = self._scaled.of(tensor, floats.real(own))
        if found.dtype not in FLOATS:
            return np.asarray(quantize(exact, spec_of(found)))
        grid = grid_of(graph.tensors[behind_conversion(graph, tensor)])
        return exact if grid is None else grid.rounded(exact)

    def same_inputs(self, floats: Lane, integers: Lane, twin: GraphOp, op: GraphOp) -> Array | None:
        """Return what the float operator makes of inputs rounded as the quantized one's.

        Raises:
            EvaluationError: it cannot run alone.
        """
        if self._quantized.graph.byte_inputs and any(i in self._quantized.main.inputs for i in op.inputs):
            return None  # such an input stands for other real values than the float model's
        single = SingleOp(self._reference, twin.index, threads=floats.threads)
        fed = []
        for own in single.fed:
            whole = op.inputs[twin.inputs.index(own)]
            if self._quantized.main.tensors[whole].constant:
                return None
            rounded = self.real(whole, self._feed(floats, integers, twin, op, whole)[self._rows])
            fed.append(np.asarray(self._scaled.undone(whole, rounded), floats.values[own].dtype))
        return self._scaled.of(op.outputs[0], single.run_all(fed, count=len(self._rows))[0])

    def rounded_weights(self, floats: Lane, integers: Lane, twin: GraphOp, op: GraphOp) -> Array | None:
        """Return what the float operator makes with the quantized model's weights; None where it has none of its own.

        Raises:
            EvaluationError: it cannot run alone, or the weights have no plain layout.
        """
        graph = self._quantized.main
        constants = [
            (own, whole)
            for own, whole in zip(twin.inputs, op.inputs, strict=True)
            if whole >= 0 and own >= 0 and graph.tensors[whole].constant and graph.tensors[whole].scales
        ][:1]
        if not constants:
            return None
        for own, whole in constants:
            values = real_values(self._quantized, whole)
            if not self._reference.main.tensors[own].constant or values.shape != self._reference.values(own).shape:
                return None
            self._shadow.set_values(own, values)
        single = SingleOp(self._shadow, twin.index, threads=floats.threads)
        fed = []
        for own in single.fed:
            whole = op.inputs[twin.inputs.index(own)]
            raw = whole in graph.inputs and self._quantized.graph.input_specs[graph.inputs.index(whole)].byte_fed
            exact = integers.real(whole) if raw else self._scaled.of(whole, floats.real(own))
            fed.append(exact[self._rows])
        return single.run_all(fed)[0]

    def real(self, tensor: int, values: Array) -> Array:
        """Return the real values of a tensor of the quantized model."""
        return dequantize(values, spec_of(self._quantized.main.tensors[tensor]))
