"""`litesmith compare`: two .tflite files side by side."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from litesmith.core.comparison import Agreement, Comparison, Structure, TensorDifference
from litesmith.core.environment import versions
from litesmith.core.errors import ConfigError, EvaluationError, SourceError
from litesmith.core.files import sha256_file
from litesmith.core.isolated import spans
from litesmith.core.progress import Progress, silent
from litesmith.core.samples import SampleSet
from litesmith.core.tensors import TensorSpec
from litesmith.evaluate.collect import Answers, answer
from litesmith.evaluate.intervals import wilson
from litesmith.evaluate.metric import class_count, predicted
from litesmith.inspection.compare import spec_text, structure
from litesmith.pipeline.datasets import load, preprocessing_of, require, subset
from litesmith.pipeline.random_samples import random_samples
from litesmith.pipeline.run import Run
from litesmith.pipeline.settings import Settings
from litesmith.runtime.flatbuffer import ModelFile
from litesmith.runtime.tensor_differences import Tally
from litesmith.sources.recognise import require_tflite

RANDOM_SAMPLES = 32
"""Random inputs both files are run on where no dataset is given."""
TENSOR_SAMPLES = 32
"""Most samples on which every computed tensor is compared."""
_ROWS = 64
Specs = tuple[TensorSpec, ...]


def compare(settings: Settings, models: Sequence[str], *, progress: Progress = silent) -> Comparison:
    """Return how two files differ: in structure, and in what they answer to the same samples.

    Samples are those of `data`, or random ones. Each file is fed in its own number type from the same real values.
    What cannot be run or matched is named in `note`; the structure is compared all the same.

    Raises:
        UserError: not two files, or one of them or the dataset cannot be used.
    """
    if len(models) != 2:
        raise ConfigError(
            f"compare takes two files, not {len(models)}", hint="Type: litesmith compare A.tflite B.tflite"
        )
    first, second = (Path(model) for model in models)
    for path in (first, second):
        require_tflite(path)
    preprocessing_of(settings)
    require(settings, calibrated=False)
    names = {"first": str(models[0]), "second": str(models[1]), "versions": versions()}
    if sha256_file(first) == sha256_file(second):
        return Comparison(same_bytes=True, **names)  # type: ignore[arg-type]
    with ModelFile(first) as one, ModelFile(second) as other:
        found = structure(one, other)
    plain = Comparison(
        same_bytes=False,
        changes=found.changes,
        constants=found.constants,
        constants_compared=found.constants_compared,
        **names,  # type: ignore[arg-type]
    )
    with (
        tempfile.TemporaryDirectory(prefix="litesmith-") as folder,
        Run(settings, folder=Path(folder), progress=progress) as run,
    ):
        try:
            return _with_numbers(run, plain, found, (first.resolve(), second.resolve()))
        except (EvaluationError, SourceError) as error:
            return replace(plain, note=error.message)


def _with_numbers(run: Run, plain: Comparison, found: Structure, paths: tuple[Path, Path]) -> Comparison:
    """Return the comparison with what both files compute; raises where one cannot be run."""
    ends = [run.pool.workers[0].call("litesmith.runtime.interpreter:describe", path=path)[1:] for path in paths]
    if reason := different_inputs(ends[0][0], ends[1][0]):
        return replace(plain, note=f"not run on the same samples: {reason}")
    samples = _samples(run, ends[0], ends[1])
    source = f"{samples.source}, {samples.count} samples"
    with run.telling("run both files"):
        answers = [answer(p, samples, pool=run.pool, folder=run.folder / str(i)) for i, p in enumerate(paths)]
    outputs, note = _outputs(*answers)
    with run.telling("compare tensors"):
        rows = np.linspace(0, samples.count - 1, min(TENSOR_SAMPLES, samples.count)).astype(int)
        few = subset(samples, sorted(set(rows.tolist())), run.folder)
        tensors: tuple[TensorDifference, ...] = ()
        try:
            tensors = run.pool.workers[0].call(
                "litesmith.runtime.tensor_differences:tensor_differences",
                first=paths[0],
                second=paths[1],
                samples=replace(few, names=few.names, labels=None, findings=()),
                pairs=found.pairs,
            )
        except EvaluationError as error:
            note = "; ".join(part for part in (note, f"tensors were not compared: {error.message}") if part)
    return replace(plain, samples=source, outputs=outputs, tensors=tensors, note=note)


def different_inputs(first: Specs, second: Specs) -> str:
    """Return why two models cannot be fed the same samples; empty when they can."""
    if len(first) != len(second):
        return f"one has {len(first)} inputs, the other {len(second)}"
    names = [[spec.name for spec in specs] for specs in (first, second)]
    if len(first) > 1 and sorted(names[0]) != sorted(names[1]):
        return f"inputs are {', '.join(names[0])} in one and {', '.join(names[1])} in the other"
    theirs = {spec.name: spec for spec in second}
    for spec in first:
        other = theirs[spec.name] if len(first) > 1 else second[0]
        shapes = zip(spec.shape, other.shape, strict=False)
        alike = len(spec.shape) == len(other.shape) and all(-1 in pair or pair[0] == pair[1] for pair in shapes)
        kinds = {_real(s).dtype for s in (spec, other)}
        if not alike or len({np.dtype(kind).kind for kind in kinds}) > 1:
            return f"input '{spec.name}' is {spec_text(spec)} in one and {spec_text(other)} in the other"
        if any(s.shape and s.shape[0] not in (1, -1) for s in (spec, other)):
            return f"input '{spec.name}' has shape {list(spec.shape)}; samples are fed one at a time"
    return ""


def _real(spec: TensorSpec) -> TensorSpec:
    """Return an input as the real values it stands for."""
    return replace(spec, dtype="float32", scale=0.0, zero_point=0) if spec.quantized else spec


def _samples(run: Run, first: tuple[Specs, Specs], second: tuple[Specs, Specs]) -> SampleSet:
    """Return the dataset's samples, or random ones, in real values."""
    theirs = {spec.name: spec for spec in second[0]}
    pairs = [(spec, theirs.get(spec.name, second[0][0])) for spec in first[0]]
    inputs = tuple(
        replace(_real(a), shape=tuple(max(x, y) for x, y in zip(a.shape, b.shape, strict=True))) for a, b in pairs
    )
    if run.settings.data:
        classes = class_count(first[1][0].shape) if first[1] else None
        datasets = load(run, inputs=inputs, classes=classes, calibrated=False)
        assert datasets.evaluation is not None
        return datasets.evaluation
    samples = random_samples(inputs, count=RANDOM_SAMPLES, seed=run.settings.seed, folder=run.folder)
    entries = []
    for entry, pair in zip(samples.inputs, pairs, strict=True):
        floating = np.dtype(entry.dtype).kind == "f"
        if floating:
            low, high = _span(pair)
            np.save(entry.path, (np.load(entry.path) * ((high - low) / 2) + (high + low) / 2).astype(entry.dtype))
        entries.append(replace(entry, normalized=floating))  # so that each file gets them in its own number type
    return replace(samples, inputs=tuple(entries))


def _span(pair: tuple[TensorSpec, TensorSpec]) -> tuple[float, float]:
    """Return the real values random inputs are drawn from: what every quantized file can represent, else -1..1."""
    ranges = [
        sorted((limit - spec.zero_point) * spec.scale for limit in (info.min, info.max))
        for spec in pair
        if spec.quantized
        for info in (np.iinfo(spec.dtype),)
    ]
    low, high = max((r[0] for r in ranges), default=-1.0), min((r[1] for r in ranges), default=1.0)
    return (low, high) if low < high else (-1.0, 1.0)


def _outputs(first: Answers, second: Answers) -> tuple[tuple[TensorDifference, ...], str]:
    """Return how the outputs differ, and which could not be compared: by name where the names agree, else by place."""
    names = [[spec.name for spec in answers.outputs] for answers in (first, second)]
    by_name = sorted(names[0]) == sorted(names[1]) and len(set(names[0])) == len(names[0])
    if not by_name and len(names[0]) != len(names[1]):
        return (), f"outputs were not compared: one has {len(names[0])}, the other {len(names[1])}"
    found, notes = [], []
    for place, name in enumerate(names[0]):
        one, other = first.values(place), second.values(names[1].index(name) if by_name else place)
        if one.shape != other.shape:
            shapes = [list(values.shape[1:]) for values in (one, other)]
            notes.append(f"output '{name}' was not compared: {shapes[0]} per sample in one, {shapes[1]} in the other")
            continue
        tally = Tally()
        for start, stop in spans(len(one), _ROWS):
            tally.add(one[start:stop], other[start:stop], samples=stop - start)
        made = tally.result(name)
        if class_count(one.shape) is not None:
            same = int((predicted(np.asarray(one)) == predicted(np.asarray(other))).sum())
            agreement = Agreement(value=same / len(one), n=len(one), interval=wilson(same, len(one)))
            made = replace(made, top1=agreement)
        found.append(made)
    return tuple(found), "; ".join(notes)
