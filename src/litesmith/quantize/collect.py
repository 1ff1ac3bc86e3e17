"""One pass of the float model over the representative data, feeding every calibrator and every scheme."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from litesmith.core.errors import EvaluationError
from litesmith.core.isolated import Pool, spans
from litesmith.core.samples import SampleSet
from litesmith.quantize.activations import TensorStatistics
from litesmith.quantize.calibrator import Rule, widened
from litesmith.quantize.tally import Tally, merged, statistics
from litesmith.quantize.watch import Watch, bounds
from litesmith.runtime.feeding import feeders, match
from litesmith.runtime.flatbuffer import read_graph
from litesmith.runtime.interpreter import OpenModel
from litesmith.runtime.run_samples import input_shapes

ELEMENTS_PER_TENSOR = 1 << 17
"""Elements of one activation that go into its histogram over all samples, about."""
_MOST_PER_SAMPLE, _LEAST_PER_SAMPLE = 8192, 512
_CHUNK_SAMPLES = 128

Partial = dict[tuple[int, int], Tally]
"""What some samples did, by tensor index and half: 0 for the even samples, 1 for the odd."""


def collect(
    model: Path, samples: SampleSet, *, pool: Pool, on_progress: Callable[[int, int], None] | None = None
) -> dict[str, TensorStatistics]:
    """Return the statistics of every float activation by tensor name.

    The true minimum and maximum come from all elements. The histogram takes some 130,000 elements of each tensor over
    all samples, 512 to 8192 of them from each. The result does not depend on the order of the samples or on the
    number of processes; only which samples are in which half depends on their order.

    Raises:
        EvaluationError: an activation is NaN or infinite, or the model does not run.
    """
    workers = len(pool.workers)
    rounds = max(2 if samples.count >= 4 * workers else 1, -(-samples.count // (_CHUNK_SAMPLES * workers)))
    chunk = -(-samples.count // (rounds * workers))
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
    found = {}
    for index in sorted({index for part in parts for index, _ in part}):
        even, odd = (_merged(names[index], [p[index, half] for p in parts if (index, half) in p]) for half in (0, 1))
        found[names[index]] = statistics(even, odd)
    return found


def _merged(name: str, parts: list[Tally]) -> Tally | None:
    if not parts:
        return None
    if not all(part.finite for part in parts):
        raise EvaluationError(
            f"activation '{name}' is NaN or infinite on the calibration samples",
            hint="Check --preprocess, and look for NaN in the dataset and in the model's weights.",
        )
    return merged(parts)


class _Opened:
    """The model with every tensor kept, its float activations, and their bounds."""

    def __init__(self, path: Path, samples: SampleSet) -> None:
        graph = read_graph(path).main
        self.model = OpenModel(path, preserve=True, shapes=input_shapes(path, samples))
        self.indices = [t.index for t in graph.activations() if t.dtype == "float32"]
        known = bounds(graph)
        self.limits = [known.get(index, (-math.inf, math.inf)) for index in self.indices]


_open: dict[tuple[str, float], _Opened] = {}


def _opened(path: Path, samples: SampleSet) -> _Opened:
    """Return the model opened in this process; only the last one stays open."""
    key = (str(path), path.stat().st_mtime)
    if key not in _open:
        _open.clear()
        _open[key] = _Opened(path, samples)
    return _open[key]


def collect_range(model: Path, samples: SampleSet, start: int, stop: int, most: int) -> Partial:
    """Return what each activation did over samples start..stop, by tensor index and half.

    The histogram takes at most `most` elements per sample. Runs in a worker.
    """
    opened = _opened(model, samples)
    feeds = feeders(samples, opened.model.inputs)
    stored = [np.asarray(samples.raw(position)) for position in match(samples, opened.model.inputs)]
    watch = Watch(opened.limits, most=most)
    for row in range(start, stop):
        opened.model.feed(feeds, [values[row : row + 1] for values in stored])
        watch.see(list(opened.model.activations(opened.indices)), half=row % 2)
    return {(opened.indices[position], half): found for (position, half), found in watch.tallies().items()}


def ranges_of(
    statistics: Mapping[str, TensorStatistics],
    rule: Rule,
    *,
    bits: int,
) -> dict[str, tuple[float, float]]:
    """Return (min, max) of every activation by a calibrator's rule, as `widened` makes them valid."""
    return {name: widened(*rule(tensor, bits), bits=bits) for name, tensor in statistics.items()}
