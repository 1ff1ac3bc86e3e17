"""What a model is fed and what it answers, array by array: the content of golden vectors. Call it from a worker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from litesmith.core.environment import version_of
from litesmith.core.preprocessing import Preprocessing
from litesmith.core.samples import SampleInput, SampleSet
from litesmith.runtime.feeding import feeder
from litesmith.runtime.interpreter import OpenModel

Array = npt.NDArray[np.generic]
NUDGE = 1e-6
"""Relative change of float inputs by which a model's sensitivity to last digits is measured."""
_NUDGES = 3
_SEED = 11


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """One inference.

    Attributes:
        inputs: As fed, [1, ...], in the model's own number types.
        outputs: As answered, likewise.
    """

    inputs: tuple[Array, ...]
    outputs: tuple[Array, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What a model answered, and what computed it.

    Attributes:
        vectors: One per set of raw values; text where the runtime refused it.
        delegate: `XNNPACK`, or `none` where it took no operator.
        runtime: Package and version.
        sensitivity: For each output the largest change, as a fraction of its largest magnitude, when float inputs
            change by up to `NUDGE` of themselves; 0 where no input is float.
    """

    vectors: tuple[Answered | str, ...]
    delegate: str
    runtime: str
    sensitivity: tuple[float, ...]


def answers(
    path: Path, *, raws: Sequence[Sequence[Array]], normalized: Sequence[bool], preprocessing: Preprocessing
) -> Answers:
    """Return what a model is fed and answers for raw values, each fed as evaluations feed it.

    Args:
        path: The model.
        raws: For each vector one array per input, without the batch dimension.
        normalized: Which inputs scale and offset apply to.
        preprocessing: Scale and offset.

    Raises:
        SourceError: the file is no valid model.
        EvaluationError: the runtime cannot prepare it.
    """
    shapes = [(1, *raw.shape) for raw in raws[0]] if raws else []
    model = OpenModel(path, shapes=shapes)
    made: list[Answered | str] = []
    sensitivity = [0.0] * len(model.outputs)
    random = np.random.default_rng(_SEED)
    for raw in raws:
        try:
            inputs = _fed(model, raw, normalized, preprocessing)
            outputs = model.invoke(inputs)
            changes = _changes(model, inputs, outputs, random)
        except Exception as error:
            made.append(str(error) or type(error).__name__)
            continue
        made.append(Answered(inputs=tuple(inputs), outputs=tuple(outputs)))
        sensitivity = [max(pair) for pair in zip(sensitivity, changes, strict=True)]
    return Answers(
        vectors=tuple(made),
        delegate="XNNPACK" if model.delegated() else "none",
        runtime=f"ai-edge-litert {version_of('ai-edge-litert') or 'unknown'}",
        sensitivity=tuple(sensitivity),
    )


def outputs(path: Path, *, inputs: Sequence[Sequence[Array]]) -> Answers:
    """Return what a model answers to inputs as it is fed them, each [1, ...]; nothing is prepared.

    Raises:
        SourceError: the file is no valid model.
        EvaluationError: the runtime cannot prepare it.
    """
    model = OpenModel(path, shapes=[values.shape for values in inputs[0]] if inputs else [])
    made: list[Answered | str] = []
    for given in inputs:
        try:
            made.append(Answered(inputs=(), outputs=tuple(model.invoke(list(given)))))
        except Exception as error:
            made.append(str(error) or type(error).__name__)
    return Answers(
        vectors=tuple(made),
        delegate="XNNPACK" if model.delegated() else "none",
        runtime=f"ai-edge-litert {version_of('ai-edge-litert') or 'unknown'}",
        sensitivity=(),
    )


def _changes(
    model: OpenModel, inputs: Sequence[Array], outputs: Sequence[Array], random: np.random.Generator
) -> list[float]:
    """Return how far each output moves when float inputs move by up to `NUDGE` of themselves, the most of a few tries.

    Where activations are quantized while the model runs, a last digit decides a rounding, and the roundings behind it.
    """
    most = [0.0] * len(outputs)
    if not any(values.dtype.kind == "f" for values in inputs):
        return most
    for _ in range(_NUDGES):
        nudged = [
            (values.astype(np.float64) * (1 + random.uniform(-NUDGE, NUDGE, values.shape))).astype(values.dtype)
            if values.dtype.kind == "f"
            else values
            for values in inputs
        ]
        for place, (first, other) in enumerate(zip(outputs, model.invoke(nudged), strict=True)):
            with np.errstate(all="ignore"):
                largest = float(np.abs(first.astype(np.float64)).max(initial=0.0))
                change = float(np.abs(first.astype(np.float64) - other.astype(np.float64)).max(initial=0.0))
            if largest > 0 and np.isfinite(change) and np.isfinite(largest):
                most[place] = max(most[place], change / largest)
    return most


def _fed(
    model: OpenModel, raw: Sequence[Array], normalized: Sequence[bool], preprocessing: Preprocessing
) -> list[Array]:
    """Return the inputs [1, ...] made from raw values by the feeds that evaluations use."""
    entries = [
        SampleInput(
            name=spec.name, path=model.path, shape=values.shape, dtype=values.dtype.name, normalized=is_normalized
        )
        for spec, values, is_normalized in zip(model.inputs, raw, normalized, strict=True)
    ]
    samples = SampleSet(
        kind="golden",
        source="golden vectors",
        digest="",
        inputs=tuple(entries),
        labels=None,
        names=("golden",),
        preprocessing=preprocessing,
        image=False,
    )
    made = []
    for entry, spec, values in zip(entries, model.inputs, raw, strict=True):
        row = np.ascontiguousarray(values[np.newaxis] if spec.shape else values.reshape(()))
        made.append(np.array(feeder(samples, entry, spec)(row)).reshape((1, *values.shape) if spec.shape else ()))
    return made
