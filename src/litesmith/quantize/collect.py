"""One pass of the float model over the representative data, feeding every calibrator and every scheme."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from litesmith.core.errors import EvaluationError
from litesmith.core.isolated import Pool, spans
from litesmith.core.samples import SampleSet
from litesmith.quantize.activations import BINS, TensorStatistics, bin_indices, stride_for
from litesmith.runtime.feeding import feeders, match
from litesmith.runtime.flatbuffer import read_graph
from litesmith.runtime.interpreter import OpenModel
from litesmith.runtime.run_samples import input_shapes

ELEMENTS_PER_TENSOR = 1 << 18
"""Elements of one activation that go into its histogram over all samples, about."""
_MOST_PER_SAMPLE, _LEAST_PER_SAMPLE = 8192, 512
_CHUNK_SAMPLES = 64

Part = tuple[float, float, int, npt.NDArray[np.int64], npt.NDArray[np.int64]]
"""Minimum, maximum, elements, occupied histogram bins and their counts of one tensor over some samples."""
Partial = dict[int, Part]


def collect(
    model: Path, samples: SampleSet, *, pool: Pool, on_progress: Callable[[int, int], None] | None = None
) -> dict[str, TensorStatistics]:
    """Return the statistics of every float activation by tensor name.

    The true minimum and maximum come from all elements. The histogram takes some 260,000 elements of each tensor over
    all samples, 512 to 8192 of them from each. The result does not depend on the order of the samples or on the
    number of processes.

    Raises:
        EvaluationError: an activation is NaN or infinite, or the model does not run.
    """
    chunk = max(1, min(_CHUNK_SAMPLES, -(-samples.count // (2 * len(pool.workers)))))
    most = min(_MOST_PER_SAMPLE, max(_LEAST_PER_SAMPLE, ELEMENTS_PER_TENSOR // samples.count))
    parts: list[Partial] = pool.map(
        "litesmith.quantize.collect:collect_range",
        [
            {"model": model, "samples": samples, "start": a, "stop": b, "most": most}
            for a, b in spans(samples.count, chunk)
        ],
        on_done=None if on_progress is None else lambda n: on_progress(min(n * chunk, samples.count), samples.count),
    )
    names = {t.index: t.name for t in read_graph(model).main.activations()}
    return {names[index]: _merged(names[index], [part[index] for part in parts]) for index in parts[0]}


_open: dict[tuple[str, float], tuple[OpenModel, list[int]]] = {}


def _opened(path: Path, samples: SampleSet) -> tuple[OpenModel, list[int]]:
    """Return the model with every tensor kept, and its float activations; only the last one stays open."""
    key = (str(path), path.stat().st_mtime)
    if key not in _open:
        _open.clear()
        indices = [t.index for t in read_graph(path).main.activations() if t.dtype == "float32"]
        _open[key] = OpenModel(path, preserve=True, shapes=input_shapes(path, samples)), indices
    return _open[key]


def collect_range(model: Path, samples: SampleSet, start: int, stop: int, most: int) -> Partial:
    """Return what each activation did over samples start..stop, by tensor index.

    The histogram takes at most `most` elements per sample. Runs in a worker.
    """
    opened, indices = _opened(model, samples)
    feeds = feeders(samples, opened.inputs)
    stored = [np.asarray(samples.raw(position)) for position in match(samples, opened.inputs)]
    lows: dict[int, list[float]] = {i: [] for i in indices}
    highs: dict[int, list[float]] = {i: [] for i in indices}
    counts = dict.fromkeys(indices, 0)
    picked: dict[int, list[npt.NDArray[np.uint16]]] = {i: [] for i in indices}
    for row in range(start, stop):
        opened.feed(feeds, [values[row : row + 1] for values in stored])
        for index, view in zip(indices, opened.activations(indices), strict=True):
            if view.size == 0:
                continue
            lows[index].append(float(view.min()))
            highs[index].append(float(view.max()))
            counts[index] += view.size
            step = stride_for(view.shape, most)
            picked[index].append(bin_indices(np.ascontiguousarray(view.reshape(-1)[::step], np.float32)))
        del view  # the runtime refuses to run while a view is held
    return {
        index: (
            float(np.min(lows[index])),
            float(np.max(highs[index])),
            counts[index],
            *_occupied(np.bincount(np.concatenate(picked[index]), minlength=BINS)),
        )
        for index in indices
        if picked[index]
    }


def _occupied(histogram: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    bins = np.flatnonzero(histogram)
    return bins, histogram[bins]


def _merged(name: str, parts: Sequence[Part]) -> TensorStatistics:
    low, high = min(p[0] for p in parts), max(p[1] for p in parts)
    if not all(np.isfinite([v for p in parts for v in p[:2]])):
        raise EvaluationError(
            f"activation '{name}' is NaN or infinite on the calibration samples",
            hint="Check --preprocess, and look for NaN in the dataset and in the model's weights.",
        )
    histogram = np.zeros(BINS, np.int64)
    for part in parts:
        histogram[part[3]] += part[4]
    occupied, found = _occupied(histogram)
    return TensorStatistics(
        minimum=low,
        maximum=high,
        count=sum(p[2] for p in parts),
        bins=occupied,
        weights=found / found.sum(),
    )


def ranges_of(
    statistics: Mapping[str, TensorStatistics],
    rule: Callable[[TensorStatistics, int], tuple[float, float]],
    *,
    bits: int,
) -> dict[str, tuple[float, float]]:
    """Return (min, max) of every activation by a calibrator's rule.

    Each range is widened to hold zero, and to be no narrower than what a fused ReLU6 needs: the kernels compute
    6 / scale in 32 bits and refuse the model ("no_integer_overflow_from_quantization") when that overflows.
    """
    narrowest = 1.01 * 6 * 2**bits / 2**31  # 2**bits steps of an asymmetric range
    ranges = {}
    for name, tensor in statistics.items():
        low, high = rule(tensor, bits)
        low, high = min(low, 0.0), max(high, 0.0)
        if max(-low, high) < narrowest:
            high = narrowest
        ranges[name] = (low, high)
    return ranges
