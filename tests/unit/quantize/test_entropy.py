"""The divergence against one that is summed over a fine grid, and the ranges it leads to."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from made_statistics import made_tensors, statistics_of

from litesmith.quantize.calibrators import entropy, min_max
from litesmith.quantize.calibrators.entropy import Density, divergence

TENSORS = made_tensors()
GRID = 64
"""Parts of an eighth of a cell."""


def density_of(values: npt.NDArray[np.float32]) -> tuple[Density, npt.NDArray[np.float64]]:
    """Return the density of what is not zero, and the edges of its bins."""
    lower, upper, weights = statistics_of(values[values != 0]).by_value()
    return Density(lower, upper, weights), np.concatenate([lower, upper])


def by_hand(density: Density, low: float, high: float, bits: int) -> float:
    """Return KL(P || Q) as in Migacz's slides, on a grid: eighths of a cell near zero, far finer parts elsewhere."""
    levels = 2**bits
    step = (high - low) / levels
    edges = low + step / 8 / GRID * np.arange(levels * 8 * GRID + 1)
    fine = np.diff(density.below(edges))
    middle = (edges[:-1] + edges[1:]) / 2
    eighth = np.floor(middle / (step / 8)).astype(int)
    near = np.abs(middle) < 8 * step
    p = fine.copy()
    for group in np.unique(eighth[near]):  # what is finer than an eighth of a cell is evened out
        inside = near & (eighth == group)
        p[inside] = fine[inside].mean()
    kept = p.sum()
    q = np.repeat(p.reshape(levels, -1).sum(axis=1), 8 * GRID) / (8 * GRID) / kept
    last = slice(-GRID, None)
    first = slice(0, GRID)
    terms = np.where(p > 0, p * np.log(np.where(p > 0, p, 1) / np.where(q > 0, q, 1)), 0.0)
    total = terms.sum()
    for end, outside in ((first, density.below(np.array(low))), (last, 1 - density.below(np.array(high)))):
        if outside > 1e-12:
            share, there = p[end].sum(), q[end].sum()
            if there == 0:
                return np.inf
            total += (share + outside) * np.log((share + outside) / there)
            total -= share * np.log(share / there) if share > 0 else 0.0
    return float(total)


@pytest.mark.parametrize("name", ["normal", "rectified", "heavy-tailed", "offset", "uniform", "negative"])
@pytest.mark.parametrize("bits", [4, 6])
def test_the_divergence_is_that_of_a_fine_grid(name: str, bits: int) -> None:
    density, edges = density_of(TENSORS[name])
    for share in (0.6, 0.8, 1.0):
        low = min(float(edges[edges >= share * edges.min()].min()), 0.0)
        high = max(float(edges[edges <= share * edges.max()].max(initial=0.0)), 0.0) or float(edges.max())
        step = (high - low) / 2**bits
        low = -step * round(-low / step)  # eighths of cells begin at zero, those of the grid at the lower end
        high = low + step * 2**bits
        found = divergence(density, np.array([low]), np.array([high]), bits=bits)[0]
        assert found == pytest.approx(by_hand(density, low, high, bits), rel=0.02, abs=2e-5)


def test_what_lies_in_an_empty_place_cannot_be_an_end() -> None:
    """Q has nothing where P has all the outliers: the divergence is infinite."""
    density, _ = density_of(TENSORS["outlier"])
    found = divergence(density, np.array([-4.0, -4.0]), np.array([500.0, 1008.0]), bits=8)
    assert np.isinf(found[0])
    assert np.isfinite(found[1])


@pytest.mark.parametrize("name", ["normal", "rectified", "heavy-tailed", "outlier", "negative"])
def test_no_other_pair_of_candidates_is_much_better(name: str) -> None:
    values = TENSORS[name]
    low, high = entropy.range_of(statistics_of(values), 8)
    density, edges = density_of(values)
    highs = np.unique(edges[(edges > 0) & (density.below(edges) >= 0.99)])[::4] if edges.max() > 0 else np.zeros(1)
    lows = np.unique(edges[(edges < 0) & (density.below(edges) <= 0.01)])[::4] if edges.min() < 0 else np.zeros(1)
    pairs = np.stack(np.meshgrid(lows, highs), axis=-1).reshape(-1, 2)
    best = divergence(density, pairs[:, 0], pairs[:, 1], bits=8).min()
    ends = [min((e for e in (*lows, *edges) if e <= low), default=low, key=lambda e: low - e) if low < 0 else 0.0]
    ends += [min((e for e in (*highs, *edges) if e >= high), default=high, key=lambda e: e - high) if high > 0 else 0.0]
    found = divergence(density, np.array(ends[:1]), np.array(ends[1:]), bits=8)[0]
    assert found <= 1.1 * best + 1e-4


def test_outliers_are_cut_and_what_is_bounded_is_kept() -> None:
    assert entropy.range_of(statistics_of(TENSORS["outlier"]), 8)[1] < 6
    assert entropy.range_of(statistics_of(TENSORS["relu6"]), 8) == (0.0, 6.0)
    low, high = entropy.range_of(statistics_of(TENSORS["heavy-tailed"]), 8)
    wide = min_max.range_of(statistics_of(TENSORS["heavy-tailed"]), 8)
    assert high - low < 0.7 * (wide[1] - wide[0])


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", ["normal", "laplace", "rectified"])
def test_the_bell_is_cut_where_little_lies(kind: str, seed: int) -> None:
    """Between 3 standard deviations and the extremes; with a few wild values as well."""
    random = np.random.default_rng(seed)
    values = random.laplace(0, 1, 200_000) if kind == "laplace" else random.normal(0, 1, 200_000)
    if kind == "rectified":
        values = np.maximum(values, 0)
    wild = np.append(values, [80.0, 120.0])
    for given in (values, wild):
        low, high = entropy.range_of(statistics_of(given), 8)
        assert 3 < high <= np.max(values) * 1.04
        assert low == 0 if kind == "rectified" else 1.04 * np.min(values) <= low < -3


def test_zeros_change_nothing() -> None:
    """Zero is exact in every range."""
    values = TENSORS["rectified"]
    assert entropy.range_of(statistics_of(np.append(values, np.zeros(100_000))), 8) == pytest.approx(
        entropy.range_of(statistics_of(values), 8)
    )


def test_with_many_bits_nothing_is_cut() -> None:
    assert entropy.range_of(statistics_of(TENSORS["heavy-tailed"]), 16) == min_max.range_of(
        statistics_of(TENSORS["heavy-tailed"]), 16
    )
