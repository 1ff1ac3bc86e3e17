"""What is seen of each sample, against the whole arrays."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from litesmith.quantize import watch as watching
from litesmith.quantize.activations import BINS, bin_indices
from litesmith.quantize.tally import Tally
from litesmith.quantize.watch import Bounds, Watch, bounds
from litesmith.runtime.flatbuffer import read_graph

FREE: Bounds = (-math.inf, math.inf)
RELU6: Bounds = (0.0, 6.0)
Rows = list[npt.NDArray[np.float32]]


def watched(rows: Rows, *, limits: Bounds = FREE, most: int = 64) -> dict[tuple[int, int], Tally]:
    watch = Watch([limits], most=most)
    for position, row in enumerate(rows):
        watch.see([row], half=position % 2)
    return watch.tallies()


def normal(count: int, shape: tuple[int, ...]) -> Rows:
    return [np.random.default_rng(seed).normal(0, 3, shape).astype(np.float32) for seed in range(count)]


@pytest.mark.parametrize("limits", [FREE, (0.0, math.inf), RELU6])
@pytest.mark.parametrize("scale", [0.01, 1.0, 5.0])
def test_extremes_are_those_of_all_elements(limits: Bounds, scale: float) -> None:
    """Where sampled elements leave an extreme open, all are read."""
    rows = [np.clip(row * np.float32(scale), *limits) for row in normal(6, (1, 15, 11, 4))]
    found = watched(rows, limits=limits, most=32)
    for half in (0, 1):
        values = np.stack(rows[half::2])
        seen = found[0, half]
        assert (seen.minimum, seen.maximum) == (values.min(), values.max())
        assert seen.count == values.size
        assert seen.sum_of_maxima / (1 << 149) == math.fsum(float(row.max()) for row in rows[half::2])


def test_what_cannot_be_negative_may_still_stay_above_zero() -> None:
    row = np.full((1, 9, 9, 3), 2.0, np.float32)
    row[0, 4, 4, 1] = 1.0
    assert watched([row], limits=RELU6, most=8)[0, 0].minimum == 1.0


def test_a_small_tensor_is_counted_whole() -> None:
    rows = normal(4, (1, 8))
    found = watched(rows)
    for half in (0, 1):
        histogram = np.bincount(bin_indices(np.concatenate(rows[half::2], axis=None)), minlength=BINS)
        np.testing.assert_array_equal(found[0, half].counts, histogram[histogram > 0])


def test_shapes_that_change_are_followed_and_their_order_does_not_matter() -> None:
    rows = [*normal(3, (1, 30, 7)), *normal(3, (1, 7, 30)), np.empty((1, 0, 7), np.float32), *normal(2, (1, 2, 7))]
    one, other = watched([r for r in rows for _ in (0, 1)]), watched([r for r in rows[::-1] for _ in (0, 1)])
    assert one[0, 0].count == sum(row.size for row in rows)
    assert one[0, 0].samples == 8
    for key, seen in one.items():
        np.testing.assert_array_equal(seen.counts, other[key].counts)
        assert (seen.sum_of_minima, seen.bins.tolist()) == (other[key].sum_of_minima, other[key].bins.tolist())


def test_an_empty_tensor_is_left_out() -> None:
    watch = Watch([FREE, FREE], most=8)
    watch.see([np.empty((1, 0), np.float32), np.ones((1, 2), np.float32)], half=0)
    assert set(watch.tallies()) == {(1, 0)}


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is held is counted as soon as there is much of it; the result stays the same."""
    rows = normal(20, (1, 40))
    plain = watched(rows)
    monkeypatch.setattr(watching, "_HELD_ELEMENTS", 100)
    watch = Watch([FREE], most=64)
    for position, row in enumerate(rows):
        watch.see([row], half=position % 2)
        assert watch._held <= 100
    for key, seen in watch.tallies().items():
        np.testing.assert_array_equal(seen.counts, plain[key].counts)
        assert seen.sum_of_minima == plain[key].sum_of_minima


def test_bounds_are_those_of_fused_and_own_activations(cnn: Path) -> None:
    graph = read_graph(cnn).main
    names = {graph.tensors[index].name: limits for index, limits in bounds(graph).items()}
    assert names["conv"] == RELU6
    assert set(names) < {t.name for t in graph.activations()}
