"""Worker functions that run a model over a range of prepared samples."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from litesmith.core.errors import ShapeVaries
from litesmith.core.samples import SampleSet
from litesmith.core.separate_answers import write_separate
from litesmith.core.tensors import TensorSpec, dequantize
from litesmith.runtime.feeding import feeders, match
from litesmith.runtime.interpreter import OpenModel

_open: dict[tuple[str, float], OpenModel] = {}


def _opened(path: Path, samples: SampleSet) -> OpenModel:
    """Return the model, opened once in this process; only the last one is kept."""
    key = (str(path), path.stat().st_mtime)
    if key not in _open:
        _open.clear()
        _open[key] = OpenModel(path, shapes=input_shapes(path, samples))
    return _open[key]


def input_shapes(path: Path, samples: SampleSet) -> list[tuple[int, ...]]:
    """Return the shapes [1, ...] that the samples give to a model's inputs, in the model's order."""
    if len(samples.inputs) == 1:
        return [(1, *samples.inputs[0].shape)]
    specs = OpenModel(path).inputs
    return [(1, *samples.inputs[position].shape) for position in match(samples, specs)]


def output_specs(path: Path, samples: SampleSet) -> list[TensorSpec]:
    """Return the outputs with the shapes they have for one sample, found by running the first one."""
    model = _opened(path, samples)
    stored = [samples.raw(position)[:1] for position in match(samples, model.inputs)]
    results = model.feed(feeders(samples, model.inputs), stored)
    return [
        TensorSpec(name=s.name, dtype=s.dtype, shape=r.shape, scale=s.scale, zero_point=s.zero_point)
        for s, r in zip(model.outputs, results, strict=True)
    ]


def run_range(path: Path, samples: SampleSet, start: int, stop: int, files: Sequence[Path]) -> float:
    """Write real-valued outputs for samples start..stop into the maps in `files`; return the seconds it took.

    Each file is a .npy float32 [N, ...], one per output; rows start..stop are written.

    Raises:
        ShapeVaries: an output's shape depends on the sample.
    """
    model = _opened(path, samples)
    feeds = feeders(samples, model.inputs)
    stored = [np.asarray(samples.raw(position)) for position in match(samples, model.inputs)]
    maps = [np.lib.format.open_memmap(file, mode="r+") for file in files]
    begun = time.perf_counter()
    for row in range(start, stop):
        results = model.feed(feeds, [values[row : row + 1] for values in stored])
        for target, value, spec in zip(maps, results, model.outputs, strict=True):
            wanted = target.shape[1:]
            if value.shape not in (wanted, (1, *wanted)):
                raise ShapeVaries.of(spec.name, wanted, value.shape)
            target[row] = dequantize(value, spec).reshape(wanted)
    return time.perf_counter() - begun


def run_separately(path: Path, samples: SampleSet, files: Sequence[Path]) -> None:
    """Write real-valued float32 outputs for all samples, of any shape, one file of `core.separate_answers` each."""
    model = _opened(path, samples)
    feeds = feeders(samples, model.inputs)
    stored = [np.asarray(samples.raw(position)) for position in match(samples, model.inputs)]
    answers = []
    for row in range(samples.count):
        results = model.feed(feeds, [values[row : row + 1] for values in stored])
        answers.append([dequantize(value, spec) for value, spec in zip(results, model.outputs, strict=True)])
    for file, values in zip(files, zip(*answers, strict=True), strict=True):
        write_separate(file, values)
