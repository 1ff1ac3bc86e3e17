"""Parts of a pass add up to the same bits, however they are cut and in whatever order."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest

from litesmith.quantize.activations import BINS, bin_indices
from litesmith.quantize.tally import Tally, exact_sum, merged, statistics, tally

Rows = list[npt.NDArray[np.float32]]


def samples(seed: int) -> Rows:
    """Return 24 samples of one activation whose sizes differ by ten orders of magnitude."""
    random = np.random.default_rng(seed)
    return [(random.normal(0, 1, 50) * 10.0 ** random.uniform(-5, 5)).astype(np.float32) for _ in range(24)]


def tally_of(rows: Sequence[npt.NDArray[np.float32]]) -> Tally:
    return tally(
        [float(row.min()) for row in rows],
        [float(row.max()) for row in rows],
        count=sum(row.size for row in rows),
        histogram=np.bincount(bin_indices(np.concatenate(rows)), minlength=BINS),
    )


def same(one: Tally, other: Tally) -> bool:
    fields = ("minimum", "maximum", "sum_of_minima", "sum_of_maxima", "count", "samples")
    arrays = zip((one.bins, one.counts), (other.bins, other.counts), strict=True)
    return all(getattr(one, f) == getattr(other, f) for f in fields) and all(np.array_equal(a, b) for a, b in arrays)


@pytest.mark.parametrize("seed", range(20))
def test_any_partition_in_any_order_gives_the_same_bits(seed: int) -> None:
    random = np.random.default_rng(seed)
    rows = samples(seed)
    whole = tally_of(rows)
    order = random.permutation(len(rows))
    cuts = sorted(random.choice(np.arange(1, len(rows)), random.integers(1, 12), replace=False).tolist())
    parts = [tally_of([rows[i] for i in group]) for group in np.split(order, cuts)]
    nested = [merged(parts[: len(parts) // 2]), *parts[len(parts) // 2 :]] if len(parts) > 1 else parts
    assert same(merged(parts), whole)
    assert same(merged(nested[::-1]), whole)
    found, wanted = statistics(merged(parts), None), statistics(None, whole)
    assert (found.mean_minimum, found.mean_maximum) == (wanted.mean_minimum, wanted.mean_maximum)
    assert found.weights.tobytes() == wanted.weights.tobytes()


def test_a_sum_of_floats_would_depend_on_the_order() -> None:
    """So the test above can fail: added up as float64 in two orders, these differ."""
    lows = np.array([row.min() for row in samples(0)], np.float64)
    assert len({float(np.add.accumulate(lows[np.random.default_rng(s).permutation(24)])[-1]) for s in range(20)}) > 1


@pytest.mark.parametrize("values", [[1.5, -2.25], [1e-45, 1e-45], [3.4e38] * 5, [0.0], [1e38, 1e-38, -1e38]])
def test_sums_are_exact(values: list[float]) -> None:
    stored = np.array(values, np.float32).astype(np.float64)
    assert exact_sum(stored) / (1 << 149) == math.fsum(stored.tolist())


def test_means_are_those_of_the_samples() -> None:
    rows = [np.array([-1, 4], np.float32), np.array([-3, 5], np.float32), np.array([-8, 0], np.float32)]
    found = statistics(tally_of(rows[::2]), tally_of(rows[1::2]))
    assert (found.mean_minimum, found.mean_maximum) == (-4, 3)
    assert (found.samples, found.count) == (3, 6)
    assert [half.samples for half in found.halves] == [2, 1]
    assert [half.mean_maximum for half in found.halves] == [2, 5]


def test_a_half_without_samples_makes_no_halves() -> None:
    assert statistics(tally_of([np.ones(3, np.float32)]), None).halves == ()


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_told(wrong: float) -> None:
    good, bad = tally_of([np.ones(3, np.float32)]), tally_of([np.array([1, wrong], np.float32)])
    assert good.finite
    assert not bad.finite
    assert not merged([good, bad]).finite
    assert not merged([bad, good]).finite


def test_there_is_no_minus_zero() -> None:
    found = tally_of([np.array([-0.0, -0.0], np.float32)])
    assert math.copysign(1, found.minimum) == math.copysign(1, found.maximum) == 1
