"""Looks at the activations of one sample after the other, with as little work as the extremes allow.

Light models run in a millisecond, so what is done to each of their tensors has to take microseconds: sampled elements
of all tensors are reduced in one call, and a tensor is read in full only where they leave an extreme open.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from litesmith.core.graph import GraphOp, Subgraph
from litesmith.quantize.activations import BINS, bin_indices, stride_for
from litesmith.quantize.tally import Tally, tally

_HELD_ELEMENTS = 1 << 24
"""Sampled elements that are held before they are counted: 64 MB."""

Bounds = tuple[float, float]
"""What an activation cannot be below or above; infinite where nothing is known."""

_FUSED: dict[int, Bounds] = {1: (0.0, math.inf), 2: (-1.0, 1.0), 3: (0.0, 6.0)}
"""By the schema's ActivationFunctionType."""
_OWN: dict[str, Bounds] = {
    "RELU": (0.0, math.inf),
    "RELU_N1_TO_1": (-1.0, 1.0),
    "RELU6": (0.0, 6.0),
    "RELU_0_TO_1": (0.0, 1.0),
}


def bounds(graph: Subgraph) -> dict[int, Bounds]:
    """Return the bounds of tensors whose operator ends in a ReLU, by tensor index."""
    return {output: found for op in graph.ops if (found := _bounds(op)) for output in op.outputs}


def _bounds(op: GraphOp) -> Bounds | None:
    fused = op.options.get("fused_activation")
    return _OWN.get(op.name) or (_FUSED.get(int(fused)) if fused is not None else None)


class Watch:
    """What some tensors did over some samples, in two halves.

    Args:
        limits: Bounds of each tensor.
        most: Elements of each that go into its histogram per sample.
    """

    def __init__(self, limits: Sequence[Bounds], *, most: int) -> None:
        self._limits, self._most = limits, most
        self._shapes: tuple[tuple[int, ...], ...] = ()
        self._layout = _Layout((), most)
        self._held = 0
        self._halves = (_Half(len(limits)), _Half(len(limits)))

    def see(self, views: Sequence[npt.NDArray[np.generic]], *, half: int) -> None:
        """Take in one sample's values, a float32 array of any shape for each tensor; an empty one is passed over."""
        shapes = tuple(view.shape for view in views)
        if shapes != self._shapes:
            self._settle()
            self._shapes, self._layout = shapes, _Layout(shapes, self._most)
        positions, steps = self._layout.positions, self._layout.steps
        if not positions:
            return
        flat = [views[k].reshape(-1).view(np.float32) for k in positions]
        picked = [values[::step] for values, step in zip(flat, steps, strict=True)]
        row, starts = np.concatenate(picked), self._layout.starts
        lows, highs = np.minimum.reduceat(row, starts).tolist(), np.maximum.reduceat(row, starts).tolist()
        for place in self._layout.partly:
            (least, greatest), values = self._limits[positions[place]], flat[place]
            if lows[place] != least:  # else no element can be lower
                lows[place] = float(np.minimum.reduce(values))
            if highs[place] != greatest:
                highs[place] = float(np.maximum.reduce(values))
        self._halves[half].add(row, lows, highs)
        self._held += row.size
        if self._held > _HELD_ELEMENTS:
            self._settle()

    def _settle(self) -> None:
        """Count what is held, which all has the same layout."""
        self._held = 0
        for half in self._halves:
            half.settle(self._layout)

    def tallies(self) -> dict[tuple[int, int], Tally]:
        """Return what was seen by tensor and half, those left out that no sample had values for."""
        self._settle()
        return {
            (position, half): found
            for half, seen in enumerate(self._halves)
            for position, found in seen.tallies().items()
        }


class _Layout:
    """Where the sampled elements of each tensor that has any stand in a row of all."""

    def __init__(self, shapes: Sequence[tuple[int, ...]], most: int) -> None:
        sizes = [math.prod(shape) for shape in shapes]
        self.positions = [k for k, size in enumerate(sizes) if size]
        self.sizes = [sizes[k] for k in self.positions]
        self.steps = [stride_for(shapes[k], most) for k in self.positions]
        self.stops = np.cumsum([-(-n // step) for n, step in zip(self.sizes, self.steps, strict=True)]).tolist()
        self.starts = [0, *self.stops[:-1]]
        self.partly = [place for place, step in enumerate(self.steps) if step > 1]


class _Half:
    """What was seen in one half of the samples."""

    def __init__(self, tensors: int) -> None:
        self._rows: list[npt.NDArray[np.float32]] = []
        self._lows: list[list[float]] = []
        self._highs: list[list[float]] = []
        self._histograms: dict[int, npt.NDArray[np.int64]] = {}
        self._minima: list[list[float]] = [[] for _ in range(tensors)]
        self._maxima: list[list[float]] = [[] for _ in range(tensors)]
        self._counts = [0] * tensors

    def add(self, row: npt.NDArray[np.float32], lows: list[float], highs: list[float]) -> None:
        """Keep one sample's elements and extremes."""
        self._rows.append(row)
        self._lows.append(lows)
        self._highs.append(highs)

    def settle(self, layout: _Layout) -> None:
        """Count the rows that are held into histograms."""
        if not self._rows:
            return
        rows = np.stack(self._rows)
        minima, maxima = zip(*self._lows, strict=True), zip(*self._highs, strict=True)
        for position, size, start, stop, lows, highs in zip(
            layout.positions, layout.sizes, layout.starts, layout.stops, minima, maxima, strict=True
        ):
            values = np.ascontiguousarray(rows[:, start:stop])  # one tensor's fit into the cache
            added = np.bincount(bin_indices(values).reshape(-1), minlength=BINS)
            before = self._histograms.get(position)
            self._histograms[position] = added if before is None else before + added
            self._minima[position] += lows
            self._maxima[position] += highs
            self._counts[position] += size * len(self._rows)
        self._rows, self._lows, self._highs = [], [], []

    def tallies(self) -> dict[int, Tally]:
        """Return what was counted, by tensor."""
        return {
            position: tally(
                self._minima[position], self._maxima[position], count=self._counts[position], histogram=histogram
            )
            for position, histogram in self._histograms.items()
        }
