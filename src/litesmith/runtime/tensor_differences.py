"""How much the same tensor differs between two files, on the same samples."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from litesmith.core.comparison import TensorDifference, TensorPair
from litesmith.core.graph import spec_of
from litesmith.core.samples import SampleSet
from litesmith.core.tensors import TensorSpec, dequantize
from litesmith.runtime.feeding import feeders, match
from litesmith.runtime.flatbuffer import read_graph
from litesmith.runtime.interpreter import OpenModel
from litesmith.runtime.run_samples import input_shapes


@dataclass(slots=True)
class Tally:
    """Sums over the values of one tensor in two files."""

    samples: int = 0
    values: int = 0
    same: int = 0
    first: float = 0.0
    second: float = 0.0
    product: float = 0.0
    noise: float = 0.0
    largest: float = 0.0

    def add(self, one: npt.NDArray[np.generic], other: npt.NDArray[np.generic], *, samples: int = 1) -> None:
        """Add real values of the same shape."""
        a, b = one.astype(np.float64).ravel(), other.astype(np.float64).ravel()
        self.samples += samples
        self.values += a.size
        if a.size == 0:
            return
        self.same += int(np.count_nonzero((a == b) | (np.isnan(a) & np.isnan(b))))
        with np.errstate(all="ignore"):
            distance = np.where(a == b, 0.0, a - b)
            self.first += float(a @ a)
            self.second += float(b @ b)
            self.product += float(a @ b)
            self.noise += float(distance @ distance)
            largest = float(np.abs(distance).max())
        self.largest = math.nan if math.isnan(largest + self.largest) else max(self.largest, largest)

    def result(self, name: str, op: str = "") -> TensorDifference:
        """Return what the sums say."""
        finite = all(map(math.isfinite, (self.first, self.second, self.noise, self.largest)))
        norm = math.sqrt(self.first) * math.sqrt(self.second) if finite else 0.0
        sqnr = 10 * math.log10(self.first / self.noise) if finite and self.noise > 0 and self.first > 0 else None
        return TensorDifference(
            name=name,
            samples=self.samples,
            sqnr_db=sqnr,
            cosine=min(1.0, max(-1.0, self.product / norm)) if norm > 0 else None,
            max_abs_difference=self.largest if finite else None,
            identical=self.same / self.values if self.values else 1.0,
            op=op,
        )


def tensor_differences(
    first: Path, second: Path, samples: SampleSet, pairs: Sequence[TensorPair]
) -> tuple[TensorDifference, ...]:
    """Return how each pair of computed tensors differs. Runs in a worker.

    Both models run without a delegate, as only then every tensor can be read. Pairs whose shapes turn out to differ at
    run time are left out.

    Raises:
        EvaluationError: a model cannot be run.
    """
    opened = [OpenModel(path, preserve=True, shapes=input_shapes(path, samples)) for path in (first, second)]
    graphs = [read_graph(path).main for path in (first, second)]
    specs = [
        [spec_of(graph.tensors[i]) for i in indices]
        for graph, indices in zip(graphs, ([p.first for p in pairs], [p.second for p in pairs]), strict=True)
    ]
    feeds = [feeders(samples, model.inputs) for model in opened]
    stored = [[np.asarray(samples.raw(p)) for p in match(samples, model.inputs)] for model in opened]
    tallies = [Tally() for _ in pairs]
    for row in range(samples.count):
        for model, own, values in zip(opened, feeds, stored, strict=True):
            model.feed(own, [v[row : row + 1] for v in values])
        _add(tallies, opened, specs, pairs)
    return tuple(tally.result(pair.name, pair.op) for tally, pair in zip(tallies, pairs, strict=True) if tally.samples)


def _add(
    tallies: Sequence[Tally],
    opened: Sequence[OpenModel],
    specs: Sequence[Sequence[TensorSpec]],
    pairs: Sequence[TensorPair],
) -> None:
    """Add what both models have just computed. Views of their memory end with this call, as `feed` asks for."""
    left = opened[0].activations([p.first for p in pairs])
    right = opened[1].activations([p.second for p in pairs])
    for tally, one, other, mine, theirs in zip(tallies, left, right, *specs, strict=True):
        if one.shape == other.shape and one.dtype.kind in "fiu" and other.dtype.kind in "fiu":
            tally.add(dequantize(one, mine), dequantize(other, theirs))
