"""Undoes equalization: finds by how much each channel of a quantized model is scaled against the float model's.

A model whose channels were scaled before it was quantized (Nagel et al., "Data-free quantization through weight
equalization and bias correction", ICCV 2019) computes the same, but its tensors are not the float model's: channel c is
multiplied by a factor, which the layer behind takes back. Compared as they are, they would seem all wrong. The factors
are read from the weights: those of a scaled layer are the float model's rows times the factor. A factor that the layers
behind do not take back is damage, no scaling, and counts as error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from litesmith.core.errors import EvaluationError
from litesmith.core.graph import GraphOp
from litesmith.runtime.editing import EditableModel
from litesmith.runtime.splicing import real_values
from litesmith.runtime.weighted import Layer, layer_of

Doubles = npt.NDArray[np.float64]
Array = npt.NDArray[Any]
_SPREAD = 1.25
"""Factor up to which rounding of the weights is taken for the reason, where no channel has a larger one."""
_LIKE = 0.9
"""Cosine similarity of a row of weights with the float model's, above which its factor is believed."""
_MOST_ROWS = 0.9
"""Share of a layer's rows that must be so alike: scaling leaves all of them so, damage does not."""
_ROUNDS = 4
_ELEMENTWISE = frozenset(
    {"RELU", "RELU6", "RELU_N1_TO_1", "PAD", "PADV2", "MEAN", "AVERAGE_POOL_2D", "MAX_POOL_2D", "ADD", "SUB", "MAXIMUM",
     "MINIMUM", "QUANTIZE", "DEQUANTIZE", "RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR", "LEAKY_RELU", "PRELU"}
)  # fmt: skip
"""Operators that keep channels apart and commute with a factor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaled:
    """Factors of channels.

    Attributes:
        factors: float64 [C] per tensor of the quantized model; tensors without an entry are not scaled.
        likeness: Cosine similarity of each layer's weights with the float model's, factors undone, by operator.
        refused_inputs: Inputs of the model whose factors the layers that read them do not take back.
    """

    factors: Mapping[int, Doubles]
    likeness: Mapping[int, float]
    refused_inputs: frozenset[int] = frozenset()

    def of(self, tensor: int, values: Array) -> Array:
        """Return the float model's values as the quantized model's tensor is to hold them."""
        found = self.factors.get(tensor)
        if found is None:
            return values
        return np.asarray(values * np.resize(found, values.shape[-1]), np.float32)

    def undone(self, tensor: int, values: Array) -> Array:
        """Return the quantized model's real values as the float model has them."""
        found = self.factors.get(tensor)
        return values if found is None else np.asarray(values / np.resize(found, values.shape[-1]), np.float32)


def scaled_channels(
    reference: EditableModel,
    quantized: EditableModel,
    twins: Mapping[int, GraphOp],
    *,
    inputs: Mapping[int, Doubles] | None = None,
) -> Scaled:
    """Return the factors of every tensor.

    Args:
        reference: The float model.
        quantized: The quantized model.
        twins: The float operator of each quantized one.
        inputs: Factors of the quantized model's inputs, where they are known.
    """
    refused: set[tuple[int, int]] = set()
    for _ in range(_ROUNDS):
        known = {tensor: factors for tensor, factors in (inputs or {}).items() if not _refusing(refused, tensor)}
        found = _Pass(reference, quantized, known, refused)
        for op in quantized.main.ops:
            found.follow(op, twins.get(op.index))
        found.refute_ends()
        fresh = found.refuted - refused
        if not fresh:
            break
        refused |= fresh
    gone = frozenset(tensor for tensor in inputs or {} if _refusing(refused, tensor))
    return Scaled(factors=found.factors, likeness=found.likeness, refused_inputs=gone)


def _refusing(refused: set[tuple[int, int]], tensor: int) -> bool:
    return any(maker == -1 - tensor for maker, _ in refused)


class _Pass:
    """One walk over the layers, in execution order."""

    def __init__(
        self,
        reference: EditableModel,
        quantized: EditableModel,
        inputs: dict[int, Doubles],
        refused: set[tuple[int, int]],
    ) -> None:
        self._reference, self._quantized, self._refused = reference, quantized, refused
        self.factors = inputs
        self.likeness: dict[int, float] = {}
        self.refuted: set[tuple[int, int]] = set()
        self._makers: dict[int, tuple[int, ...]] = {tensor: (-1 - tensor,) for tensor in inputs}
        """Operators that a tensor's factors are from; -1 less the tensor for an input."""

    def follow(self, op: GraphOp, twin: GraphOp | None) -> None:
        """Find the factors of what an operator makes."""
        if not op.inputs or not op.outputs:
            return
        pair = self._weights(op, twin) if twin is not None else None
        if pair is not None:
            self._weighted(op, *pair)
        elif op.name in _ELEMENTWISE or op.name == "RESHAPE":
            self._passed(op)
        else:
            for tensor in op.inputs:
                self._refute(tensor)  # what is no such operator does not commute with a factor

    def refute_ends(self) -> None:
        """Refute factors that reach the model's outputs: nothing takes them back."""
        for tensor in self._quantized.main.outputs:
            self._refute(tensor)

    def _refute(self, tensor: int) -> None:
        factors = self.factors.get(tensor)
        for channel in range(0 if factors is None else len(factors)):
            self.refuted.update((maker, channel) for maker in self._makers.get(tensor, ()))

    def _passed(self, op: GraphOp) -> None:
        known = [i for i in op.inputs if i in self.factors]
        if known and self._fits(op.outputs[0], self.factors[known[0]]):
            self.factors[op.outputs[0]] = self.factors[known[0]]
        self._makers[op.outputs[0]] = tuple(k for i in op.inputs for k in self._makers.get(i, ()))

    def _fits(self, tensor: int, factors: Doubles) -> bool:
        shape = self._quantized.main.tensors[tensor].shape
        return bool(shape) and shape[-1] % len(factors) == 0

    def _weights(self, op: GraphOp, twin: GraphOp) -> tuple[Layer, Doubles, Doubles] | None:
        """Return a layer and its weights [O, K] in both models; None where they cannot be read or differ in shape."""
        layer, own = layer_of(twin, self._reference.main), layer_of(op, self._quantized.main)
        if layer is None or own is None or layer.shape != own.shape:
            return None
        try:
            values = [real_values(m, o.inputs[1]) for m, o in ((self._reference, twin), (self._quantized, op))]
        except EvaluationError:
            return None
        wanted, found = (layer.matrix(v).astype(np.float64) for v in values)
        return layer, wanted, found

    def _weighted(self, op: GraphOp, layer: Layer, wanted: Doubles, found: Doubles) -> None:
        fed = self.factors.get(op.inputs[0])
        plain = found
        if fed is not None:
            if layer.depthwise:
                found = found * np.repeat(fed, max(1, len(found) // len(fed)))[:, None]
            else:
                found = found * np.resize(fed, found.shape[1])
                self._confirm(op, layer, wanted, plain, fed)
        factors = _row_factors(wanted, found)
        for channel in range(len(factors)):
            if (op.index, channel) in self._refused:
                factors[channel] = 1.0
        if np.abs(np.log(factors)).max() <= np.log(_SPREAD):
            factors = np.ones(len(factors))
        else:
            self.factors[op.outputs[0]] = factors
        self._makers[op.outputs[0]] = (op.index,)
        undone = found / factors[:, None]
        norm = np.sqrt(np.square(wanted).sum() * np.square(undone).sum())
        self.likeness[op.index] = float((wanted * undone).sum() / norm) if norm else 1.0

    def _confirm(self, op: GraphOp, layer: Layer, wanted: Doubles, found: Doubles, fed: Doubles) -> None:
        """Refute factors of the input's channels that this layer does not take back."""
        channels = layer.shape[layer.input_axis]
        if channels % len(fed):
            return
        columns = [m.reshape(len(m), -1, len(fed)) for m in (wanted, found)]
        power = np.square(columns[0]).sum(axis=(0, 1))
        own = np.median(_row_factors(wanted, found * np.resize(fed, found.shape[1])))
        slope = (columns[0] * columns[1]).sum(axis=(0, 1)) / np.maximum(power, 1e-30) / own
        with np.errstate(divide="ignore", invalid="ignore"):
            with_factor, without = np.abs(np.log(slope * fed)), np.abs(np.log(slope))
        scaled = (np.abs(np.log(fed)) > np.log(_SPREAD)) & (power > 0)
        wrong = (without < with_factor) & scaled
        if wrong.sum() > scaled.sum() / 2:
            wrong[:] = True
        for channel in np.flatnonzero(wrong):
            self.refuted.update((maker, int(channel)) for maker in self._makers.get(op.inputs[0], ()))


def _row_factors(wanted: Doubles, found: Doubles) -> Doubles:
    """Return what each row is multiplied by; 1 where it is not like the float model's row."""
    product, power, other = (wanted * found).sum(axis=1), np.square(wanted).sum(axis=1), np.square(found).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        like = product / np.sqrt(power * other)
        factors = product / power
        believed = (like > _LIKE) & np.isfinite(factors) & (factors > 0)
    if believed.sum() < _MOST_ROWS * (power > 0).sum():
        return np.ones(len(wanted))
    return np.where(believed, factors, 1.0)
