"""A whole debugging session on two files and some samples. Runs in a worker."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from litesmith.core.debugging import Effect, OpError, Rate, RootCause, SkippedOp, TensorPicture
from litesmith.core.errors import ConfigError
from litesmith.core.graph import GraphOp, Subgraph
from litesmith.core.layers import layer_names
from litesmith.core.samples import SampleSet
from litesmith.debugging.catalogue import root_causes
from litesmith.debugging.effects import Effects, Judge, require_walkable, scored_tensor
from litesmith.debugging.measure import Measuring
from litesmith.debugging.pictures import drawn
from litesmith.debugging.requantized import add_conversions
from litesmith.debugging.scaled_channels import Scaled, scaled_channels
from litesmith.runtime.editing import EditableModel
from litesmith.runtime.feeding import feeders, match
from litesmith.runtime.interpreter import OpenModel
from litesmith.runtime.lockstep import Lane, lanes, twin_ops, walk
from litesmith.runtime.run_samples import input_shapes

Array = npt.NDArray[Any]
EFFECT_SAMPLES = 32
"""Most samples that effects of single layers are measured on; one walk per layer is run for them."""
_LEAST_EFFECT_SAMPLES = 8
EFFECT_SECONDS = 60.0
"""Time that the effects may take, by an estimate; fewer samples are taken where it would not do."""
PICTURES = 8
_LIKE = 0.7
"""Median likeness of weights below which two files are no float model and its quantized one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What was measured. See `core.debugging.Debugging`."""

    samples: int
    effect_samples: int
    output: str
    whole: Effect
    effect_base: Effect
    float_top1: Rate | None
    causes: tuple[RootCause, ...]
    ops: tuple[OpError, ...]
    skipped: tuple[SkippedOp, ...]
    pictures: tuple[TensorPicture, ...]
    notes: tuple[str, ...]
    duration_s: float


def debug(
    float_model: Path,
    quantized_model: Path,
    samples: SampleSet,
    *,
    rows: Sequence[int],
    output: int,
    judge: Judge,
    progress: Callable[[int, int], None] | None = None,
) -> Session:
    """Return what every operator of a quantized model adds to its error, and why.

    Args:
        float_model: The float model it was made from.
        quantized_model: The quantized model.
        samples: Samples.
        rows: Which of them to walk; fewer are where memory would not do.
        output: Which output is scored.
        judge: Judges answers.
        progress: Called with (done, total) operators.

    Raises:
        ConfigError: the files are no float model and its quantized one.
        EvaluationError: an operator cannot run alone.
    """
    begun = time.perf_counter()
    notes: list[str] = []
    floats, integers, used = lanes(float_model, quantized_model, samples, rows)
    if len(used) < len(rows):
        notes.append(f"{len(used)} of {len(rows)} samples were walked, which is what memory allows")
    reference, quantized = floats.model, integers.model
    for graph, path in ((reference.main, float_model), (quantized.main, quantized_model)):
        require_walkable(graph, path.name)
    twins = twin_ops(reference.main, quantized.main)
    scaled = scaled_channels(reference, quantized, twins, inputs=_input_factors(floats, integers))
    _require_twins(quantized, twins, scaled)
    if scaled.factors:
        notes.append(
            f"{len(scaled.factors)} of the tensors have channels scaled against the float model's, as equalization"
            " leaves them; the factors were taken back before comparing"
        )
    chosen = _effect_rows(float_model, quantized_model, samples, len(used), len(quantized.main.ops))
    labels = None if samples.labels is None else [samples.labels[used[row]] for row in chosen]
    scored = scored_tensor(reference.main, output), scored_tensor(quantized.main, output)
    effects = Effects(reference, quantized, scaled=scaled, scored=scored, rows=chosen)
    measuring = Measuring(
        reference,
        quantized,
        layers=layer_names(quantized.main),
        scaled=scaled,
        effects=effects,
        judge=judge,
        labels=labels,
    )
    measuring.inputs(floats, integers)
    walk(reference=floats, quantized=integers, before=measuring.before, after=measuring.after, on_progress=progress)
    errors, base = measuring.finished()
    add_conversions(quantized.main, measuring.suspects, measuring.exact_rows)
    found = root_causes(measuring.suspects)
    assert measuring.answers is not None
    every = None if samples.labels is None else [samples.labels[row] for row in used]
    return Session(
        samples=len(used),
        effect_samples=len(chosen),
        output=quantized.main.tensors[scored[1]].name,
        whole=judge.effect(*measuring.answers, every),
        effect_base=base,
        float_top1=judge.right(measuring.answers[0], every),
        causes=found,
        ops=tuple(errors),
        skipped=tuple(_skipped(quantized.main, twins, {error.index for error in errors})),
        pictures=_pictures(measuring, errors, found),
        notes=tuple(notes),
        duration_s=time.perf_counter() - begun,
    )


def _input_factors(floats: Lane, integers: Lane) -> dict[int, npt.NDArray[np.float64]]:
    """Return by what each channel of an input that takes raw bytes is scaled: they are exact, whatever they mean."""
    found: dict[int, npt.NDArray[np.float64]] = {}
    specs = integers.model.graph.input_specs
    if len(floats.model.main.inputs) != len(specs):
        return found
    for place, (spec, tensor) in enumerate(zip(specs, integers.model.main.inputs, strict=True)):
        if not spec.byte_fed:
            continue
        exact = np.asarray(floats.values[floats.model.main.inputs[place]], np.float64)
        fed = np.asarray(integers.real(tensor), np.float64)
        exact, fed = (v.reshape(-1, v.shape[-1]) for v in (exact, fed))
        exact, fed = exact - exact.mean(axis=0), fed - fed.mean(axis=0)
        power = np.square(exact).sum(axis=0)
        slopes = np.where(power > 0, (exact * fed).sum(axis=0) / np.maximum(power, 1e-30), 1.0)
        if slopes.min() > 0 and not np.allclose(slopes, 1.0, atol=0.02):
            found[tensor] = slopes
    return found


def _require_twins(quantized: EditableModel, twins: dict[int, GraphOp], scaled: Scaled) -> None:
    """Refuse files that have nothing to do with each other.

    Raises:
        ConfigError: next to no operator has a counterpart, or their weights are not alike.
    """
    hint = "Give the float .tflite that the quantized one was made from, and then the quantized one."
    ops = [op for op in quantized.main.ops if op.name not in ("QUANTIZE", "DEQUANTIZE")]
    paired = sum(op.index in twins for op in ops)
    if not ops or paired < 0.5 * len(ops):
        raise ConfigError(
            f"the files are no float model and its quantized one: {paired} of {len(ops)} operators of the second make a"
            " tensor of the first's names",
            hint=hint,
        )
    alike = sorted(scaled.likeness.values())
    if alike and alike[len(alike) // 2] < _LIKE:
        raise ConfigError(
            "the files are no float model and its quantized one: half of the layers' weights have a cosine similarity"
            f" below {alike[len(alike) // 2]:.2f}",
            hint=hint,
        )


def _effect_rows(float_model: Path, quantized_model: Path, samples: SampleSet, walked: int, ops: int) -> list[int]:
    """Return which of the walked samples effects are measured on: evenly spaced, as many as time allows."""
    seconds = 0.0
    for path in (float_model, quantized_model):
        model = OpenModel(path, shapes=input_shapes(path, samples))
        feeds = feeders(samples, model.inputs)
        rows = [np.asarray(samples.raw(position)[:1]) for position in match(samples, model.inputs)]
        model.feed(feeds, rows)
        begun = time.perf_counter()
        model.feed(feeds, rows)
        seconds += time.perf_counter() - begun
    each = seconds * ops / 2  # the rest of a model is half of it on average
    affordable = int(EFFECT_SECONDS / max(each, 1e-9))
    count = min(walked, max(_LEAST_EFFECT_SAMPLES, min(EFFECT_SAMPLES, affordable)))
    return sorted(set(np.linspace(0, walked - 1, count).astype(int).tolist()))


def _skipped(graph: Subgraph, twins: dict[int, GraphOp], measured: set[int]) -> list[SkippedOp]:
    names = layer_names(graph)
    found = []
    for op in graph.ops:
        if op.index in measured:
            continue
        conversion = op.name in ("QUANTIZE", "DEQUANTIZE")
        reason = "it only converts" if conversion else "the float model has no operator that makes this tensor"
        if op.index in twins:
            reason = "what it makes cannot be compared"
        found.append(SkippedOp(index=op.index, op=op.name, layer=names[op.index], reason=reason))
    return found


def _pictures(
    measuring: Measuring, errors: Sequence[OpError], causes: Sequence[RootCause]
) -> tuple[TensorPicture, ...]:
    """Return the tensors to draw: those of the causes, then the costliest."""
    named = [cause.index for cause in causes]
    order = sorted(
        range(len(errors)),
        key=lambda i: (
            named.index(errors[i].index) if errors[i].index in named else len(named),
            -(errors[i].regained_db or 0.0),
        ),
    )
    quantized = [i for i in order if measuring.pictures[i].grid is not None] or order
    return tuple(drawn(measuring.pictures[i], measuring.suspects[i]) for i in quantized[:PICTURES])
