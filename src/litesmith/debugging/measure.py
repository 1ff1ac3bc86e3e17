"""Walks a float model and the quantized one made from it, and measures every operator. Runs in a worker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from litesmith.core.debugging import Effect, OpError
from litesmith.core.errors import EvaluationError
from litesmith.core.graph import GraphOp
from litesmith.debugging.alone import Alone
from litesmith.debugging.constants import scaled_constants, weight_facts
from litesmith.debugging.effects import Effects, Judge
from litesmith.debugging.figures import add_shift, logit_facts, saturated, used_share
from litesmith.debugging.noise import cosine, grid_over, sqnr
from litesmith.debugging.pictures import Picture, picture_of
from litesmith.debugging.requantized import converted
from litesmith.debugging.scaled_channels import Scaled
from litesmith.debugging.suspect import Suspect, grid_of, is_island, makers_of, range_facts
from litesmith.runtime.editing import EditableModel
from litesmith.runtime.lockstep import Lane
from litesmith.runtime.weighted import layer_of

Array = npt.NDArray[Any]
_OUTLIERS = 0.4
"""Share of the range that 99.8 % of the values stay in, below which it is tried what cutting off the rest does."""


@dataclass(slots=True)
class Pending:
    """What was made of an operator before it ran in the lanes."""

    local: list[Array] | None = None
    same_inputs: Array | None = None
    rounded_weights: Array | None = None
    only_float: Array | None = None
    fed: tuple[Array, Array] | None = None
    notes: list[str] = field(default_factory=list)


class Measuring:
    """Collects the figures of every operator while two lanes are walked.

    Args:
        reference: The float model.
        quantized: The quantized model.
        layers: The user's layer of each of its operators.
        scaled: Factors of its channels.
        effects: Runs changed models.
        judge: Judges answers.
        labels: Of the samples that effects are measured on.
    """

    def __init__(
        self,
        reference: EditableModel,
        quantized: EditableModel,
        *,
        layers: Sequence[str],
        scaled: Scaled,
        effects: Effects,
        judge: Judge,
        labels: Sequence[int] | None,
    ) -> None:
        self._reference, self._quantized, self._layers = reference, quantized, layers
        self._scaled, self._effects, self._judge, self._labels = scaled, effects, judge, labels
        self._alone = Alone(reference, quantized, scaled=scaled, rows=effects.rows)
        self._pending = Pending()
        self.errors: list[OpError] = []
        self.suspects: list[Suspect] = []
        self.pictures: dict[int, Picture] = {}
        self.exact_rows: dict[int, Array] = {}
        """Exact values of what is rounded again afterwards, by operator."""
        self.cuts: dict[int, list[Array]] = {}
        """Scored values with a tensor on its own grid and on a narrower one, by place in `suspects`."""
        self.changed: list[tuple[Array | None, Array | None]] = []
        """Scored values with only this quantized, and with only this float, in the order of `errors`."""
        self.answers: tuple[Array, Array] | None = None
        """Scored values [N, ...] of the float model and of the quantized one."""

    def inputs(self, floats: Lane, integers: Lane) -> None:
        """Measure the quantized model's inputs, before anything ran."""
        graph, specs = self._quantized.main, self._quantized.graph.input_specs
        twins = self._reference.main.inputs
        for place, tensor in enumerate(graph.inputs):
            grid = grid_of(graph.tensors[tensor])
            exact_bytes = specs[place].byte_fed and tensor not in self._scaled.refused_inputs
            if grid is None or exact_bytes or len(twins) != len(graph.inputs):
                continue
            exact = np.asarray(floats.values[twins[self._twin_input(place)]], np.float32)
            found = integers.real(tensor)
            only_float, notes = None, []
            try:
                only_float = self._effects.only_float(integers, None, None, exact={tensor: exact[self._effects.rows]})
            except EvaluationError as error:
                notes.append(error.message)
            suspect = Suspect(index=-1, op="input", layer=specs[place].name, tensor=graph.tensors[tensor].name)
            self._add(suspect, exact, found, None, tensor=tensor, samples=floats.count, notes=notes)
            self.changed.append((None, only_float))

    def _twin_input(self, place: int) -> int:
        """Return which input of the float model an input of the quantized one is: by name, else by place."""
        names = [spec.name for spec in self._reference.graph.input_specs]
        name = self._quantized.graph.input_specs[place].name
        return names.index(name) if name in names else place

    def before(self, floats: Lane, integers: Lane, twin: GraphOp, op: GraphOp) -> None:
        """Run an operator alone, in each of the ways that its inputs are still there for."""
        self._pending = pending = Pending()
        if len(twin.inputs) != len(op.inputs):
            pending.notes.append(f"it has {len(op.inputs)} inputs, in the float model {len(twin.inputs)}")
            return
        try:
            pending.fed = self._alone.fed_channels(floats, twin, op)
            pending.local = self._alone.local(floats, integers, twin, op)
            pending.same_inputs = self._alone.same_inputs(floats, integers, twin, op)
            pending.rounded_weights = self._alone.rounded_weights(floats, integers, twin, op)
            pending.only_float = self._effects.only_float(integers, op, twin, exact={})
        except EvaluationError as error:
            pending.notes.append(error.message)

    def after(self, floats: Lane, integers: Lane, twin: GraphOp, op: GraphOp) -> None:
        """Measure what an operator made."""
        pending, graph, tensor = self._pending, self._quantized.main, op.outputs[0]
        exact = self._scaled.of(tensor, floats.real(twin.outputs[0]))
        found = integers.real(tensor)
        if exact.shape != found.shape or exact.dtype.kind != "f":
            return
        suspect = Suspect(
            index=op.index, op=op.name, layer=self._layers[op.index], tensor=graph.tensors[tensor].name,
            floating=is_island(graph, op.inputs, op.outputs), reads=makers_of(graph, op),
        )  # fmt: skip
        local = None
        alone = None
        rows = self._effects.rows
        if pending.local is not None:
            local = self._alone.real(tensor, pending.local[0])
            made = {}
            for own, whole, values in zip(twin.outputs, op.outputs, pending.local, strict=False):
                made[own] = self._scaled.undone(whole, self._alone.real(whole, values))[rows]
            try:
                alone = self._effects.only_quantized(floats, twin, made)
            except EvaluationError as error:
                pending.notes.append(error.message)
            add_shift(suspect, exact, local, pending.same_inputs, rows=rows)
        self._constants(suspect, pending, twin, op, exact)
        if converted(graph, op.index):
            self.exact_rows[op.index] = exact[rows]
        if tensor == self._effects.scored[1]:
            suspect.logits = logit_facts(exact, found, graph.tensors[tensor].scale)
            self.answers = (floats.real(twin.outputs[0]), self._scaled.undone(tensor, found))
        self._add(suspect, exact, found, local, tensor=tensor, samples=floats.count, notes=pending.notes)
        self._cut(suspect, integers, op, exact[rows])
        self.changed.append((alone, pending.only_float))

    def _cut(self, suspect: Suspect, integers: Lane, op: GraphOp, exact: Array) -> None:
        """Try, where there are outliers, what cutting them off does to the answer."""
        facts = suspect.ranges
        if facts is None or op.outputs[0] == self._effects.scored[1]:
            return
        narrow = grid_over(*facts.core, facts.grid.steps)
        if narrow is None or narrow.high - narrow.low > _OUTLIERS * (facts.grid.high - facts.grid.low):
            return
        try:
            made = self._effects.with_grids(integers, op, exact, (facts.grid, narrow))
        except EvaluationError as error:
            self._pending.notes.append(error.message)
            return
        if made is not None:
            self.cuts[len(self.suspects) - 1] = made

    def _constants(self, suspect: Suspect, pending: Pending, twin: GraphOp, op: GraphOp, exact: Array) -> None:
        """Add what is known of a layer's weights."""
        rounded = pending.rounded_weights
        db = None if rounded is None else sqnr(exact[self._effects.rows], rounded)
        try:
            wanted = scaled_constants(self._reference, self._quantized, twin, op, self._scaled)
            suspect.weights = weight_facts(self._quantized, op, wanted, output_db=db, fed=pending.fed)
        except EvaluationError:  # constants without a plain layout: said where the layer was to run in float
            return

    def _add(
        self,
        suspect: Suspect,
        exact: Array,
        found: Array,
        local: Array | None,
        *,
        tensor: int,
        samples: int,
        notes: Sequence[str],
    ) -> None:
        """Keep the figures of a tensor, from exact values, the quantized model's, and those of it alone quantized."""
        record = self._quantized.main.tensors[tensor]
        grid = grid_of(record)
        reached = self._reached(suspect, exact)
        if local is not None:
            suspect.local_db = sqnr(exact, local)
        if grid is not None and np.isfinite(exact).all():
            suspect.ranges = range_facts(reached, grid)
        low, high = saturated(reached, found, grid)
        used = used_share(suspect)
        self.errors.append(
            OpError(
                index=suspect.index,
                op=suspect.op,
                layer=suspect.layer,
                tensor=suspect.tensor,
                dtype=record.dtype,
                samples=samples,
                sqnr_db=sqnr(exact, found),
                cosine=cosine(exact, found),
                local_sqnr_db=suspect.local_db,
                local_cosine=None if local is None else cosine(exact, local),
                saturated_low=low,
                saturated_high=high,
                range_used=used,
                bits_used=None if used is None or grid is None else float(np.log2(used * grid.steps + 1)),
                bias_shift_worst=suspect.shift_worst,
                bias_shift_mean=suspect.shift_mean,
                note="; ".join(dict.fromkeys(notes)),
            )
        )
        self.suspects.append(suspect)
        self.pictures[len(self.errors) - 1] = picture_of(exact, grid)

    def _reached(self, suspect: Suspect, exact: Array) -> Array:
        """Return exact values as far as the activation lets them: RELU6 stays at 6 where channels are scaled."""
        layer = layer_of(self._quantized.main.ops[suspect.index], self._quantized.main) if suspect.index >= 0 else None
        return exact if layer is None else np.asarray(layer.clipped(exact), np.float32)

    def finished(self) -> tuple[list[OpError], Effect]:
        """Return the figures with the effects of every layer, and the quantized model as it is on the same samples.

        Raises:
            EvaluationError: the scored output of one model is not that of the other.
        """
        if self.answers is None:
            raise EvaluationError("the operators that make the scored output have no counterpart in the other file")
        exact, found = (values[self._effects.rows] for values in self.answers)
        base = self._judge.effect(exact, found, self._labels)
        for place, values in self.cuts.items():
            own, narrow = (sqnr(exact, v.reshape(exact.shape)) for v in values)
            self.suspects[place].cut = own, narrow
        made = []
        for error, suspect, changed in zip(self.errors, self.suspects, self.changed, strict=True):
            alone, floating = (
                None if v is None else self._judge.effect(exact, v.reshape(exact.shape), self._labels) for v in changed
            )
            suspect.base_db = base.sqnr_db
            suspect.agreement = base.agreement.value if base.agreement is not None else None
            suspect.alone_db = alone.sqnr_db if alone is not None else None
            gained = floating.sqnr_db if floating is not None else None
            if gained is not None and base.sqnr_db is not None:
                suspect.regained_db = gained - base.sqnr_db
            made.append(replace(error, only_quantized=alone, only_float=floating, regained_db=suspect.regained_db))
        return made, base
