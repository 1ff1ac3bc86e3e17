"""Prepares a float model for quantization: changes its weights so that it answers as before and quantizes better."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from litesmith.core.graph import BYTE_INPUTS, Subgraph
from litesmith.core.preprocessing import Preprocessing
from litesmith.core.samples import SampleSet
from litesmith.quantize.correction import correction_named
from litesmith.runtime.editing import EditableModel
from litesmith.runtime.feeding import feeders, match
from litesmith.runtime.interpreter import OpenModel
from litesmith.runtime.run_samples import input_shapes
from litesmith.runtime.weighted import Layer, layer_of

Doubles = npt.NDArray[np.float64]
Range = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRange:
    """What the channels (the last dimension) of an activation did: float64 [C] each."""

    low: Doubles
    high: Doubles

    @property
    def reach(self) -> Doubles:
        """Largest magnitude of each channel."""
        return np.maximum(-self.low, self.high)


@dataclass(slots=True, kw_only=True)
class Preparing:
    """A float model while corrections change it.

    Attributes:
        model: The model.
        layers: Its layers with weights, by operator.
        preprocessing: What samples go through before they are fed.
        byte_positions: Inputs that are fed from bytes: positions in the model.
        per_row: Whether weights are to be quantized per output channel.
        measure: Returns the ranges of every activation's channels, by tensor, as the model is now.
        ranges: Ranges that are fixed from here on, by tensor name.
        byte_inputs: Scale and zero of the inputs that will take raw bytes as they are, by position.
    """

    model: EditableModel
    layers: dict[int, Layer]
    preprocessing: Preprocessing
    byte_positions: tuple[int, ...]
    per_row: bool
    measure: Callable[[], Mapping[int, ChannelRange]]
    ranges: dict[str, Range] = field(default_factory=dict)
    byte_inputs: dict[int, tuple[float, int]] = field(default_factory=dict)

    @property
    def graph(self) -> Subgraph:
        """The model's graph."""
        return self.model.main

    def save(self, path: Path) -> None:
        """Write the model as it is now."""
        if self.byte_inputs:
            text = ",".join(f"{position}:{scale!r}:{zero}" for position, (scale, zero) in self.byte_inputs.items())
            self.model.set_metadata(BYTE_INPUTS, text)
        self.model.save(path)

    def weights(self, layer: Layer) -> npt.NDArray[np.float32]:
        """Return a layer's weights as they are now."""
        values: npt.NDArray[np.float32] = self.model.values(layer.op.inputs[1])
        return values

    def scale_outputs(self, layer: Layer, factors: Doubles) -> None:
        """Multiply each output channel of a layer, bias included."""
        shape = [1] * len(layer.shape)
        shape[layer.axis] = -1
        self._set(layer.op.inputs[1], self.weights(layer) * factors.reshape(shape))
        if layer.bias >= 0:
            self._set(layer.bias, self.model.values(layer.bias) * factors)

    def scale_inputs(self, layer: Layer, factors: Doubles) -> None:
        """Multiply each input channel's weights of a layer."""
        if layer.depthwise:
            factors = np.repeat(factors, layer.shape[-1] // len(factors))
        self._set(layer.op.inputs[1], self.weights(layer) * factors)

    def shift_inputs(self, layer: Layer, shifts: Doubles) -> None:
        """Add to the bias what the layer makes of a constant added to each input channel."""
        weights = self.weights(layer).astype(np.float64)
        if layer.depthwise:
            each = np.repeat(shifts, layer.shape[-1] // len(shifts))
            added = (weights * each).sum(axis=tuple(range(weights.ndim - 1)))
        else:
            added = (weights * shifts).sum(axis=tuple(range(1, weights.ndim)))
        self.shift_outputs(layer, added)

    def shift_outputs(self, layer: Layer, shifts: Doubles) -> None:
        """Add to the bias of a layer."""
        self._set(layer.bias, self.model.values(layer.bias) + shifts)

    def _set(self, tensor: int, values: npt.NDArray[Any]) -> None:
        self.model.set_values(tensor, values.astype(np.float32))


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedModel:
    """What preparing did.

    Attributes:
        notes: What each correction did, by name; empty where it found nothing to do.
        ranges: Ranges that are fixed, by tensor name.
    """

    notes: dict[str, str]
    ranges: dict[str, Range]


def prepare_float(
    float_model: Path,
    out: Path,
    *,
    samples: SampleSet,
    rows: Sequence[int],
    corrections: Sequence[str],
    per_row: bool = True,
) -> PreparedModel:
    """Write the float model as corrections leave it. Runs in a worker.

    Args:
        float_model: The float32 .tflite.
        out: Where to write; only a whole file appears there.
        samples: Representative samples.
        rows: Which of them to use.
        corrections: Names of corrections that act on the float model, in order.
        per_row: Whether weights are to be quantized per output channel.
    """
    model = EditableModel(float_model)
    specs = model.graph.input_specs
    fed = [samples.inputs[position] for position in match(samples, specs)]
    preparing = Preparing(
        model=model,
        layers=unshared_layers(model.main),
        preprocessing=samples.preprocessing,
        byte_positions=tuple(i for i, entry in enumerate(fed) if entry.dtype == "uint8" and entry.normalized),
        per_row=per_row,
        measure=lambda: _measured(preparing, out, samples, rows),
    )
    notes = {}
    for name in corrections:
        correction = correction_named(name)
        assert correction.prepare is not None
        notes[name] = correction.prepare(preparing)
    preparing.save(out)
    return PreparedModel(notes=notes, ranges=preparing.ranges)


def unshared_layers(graph: Subgraph) -> dict[int, Layer]:
    """Return the layers whose float weights and bias no other operator reads, by operator."""
    readers: dict[int, int] = {}
    for op in graph.ops:
        for tensor in set(op.inputs):
            readers[tensor] = readers.get(tensor, 0) + 1
    found = {op.index: layer for op in graph.ops if (layer := layer_of(op, graph)) is not None}
    return {
        index: layer
        for index, layer in found.items()
        if graph.tensors[layer.op.inputs[1]].dtype == "float32"
        and readers[layer.op.inputs[1]] == 1
        and (layer.bias < 0 or readers[layer.bias] == 1)
    }


def _measured(preparing: Preparing, scratch: Path, samples: SampleSet, rows: Sequence[int]) -> dict[int, ChannelRange]:
    """Return the range of every float activation's channels over some samples, with the model as it is now."""
    preparing.save(scratch)
    opened = OpenModel(scratch, preserve=True, shapes=input_shapes(scratch, samples))
    feeds = feeders(samples, opened.inputs)
    stored = [np.asarray(samples.raw(position)) for position in match(samples, opened.inputs)]
    indices = [t.index for t in preparing.graph.activations() if t.dtype == "float32" and t.shape]
    lows: dict[int, Doubles] = {}
    highs: dict[int, Doubles] = {}
    for row in rows:
        opened.feed(feeds, [values[row : row + 1] for values in stored])
        for index, view in zip(indices, opened.activations(indices), strict=True):
            flat = view.reshape(-1, view.shape[-1])
            low, high = flat.min(axis=0).astype(np.float64), flat.max(axis=0).astype(np.float64)
            lows[index] = np.minimum(lows[index], low) if index in lows else low
            highs[index] = np.maximum(highs[index], high) if index in highs else high
        del view, flat  # the runtime refuses to run while a view is held
    return {index: ChannelRange(low=lows[index], high=highs[index]) for index in lows}
