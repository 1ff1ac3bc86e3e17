"""Proposals against brute force on small random instances."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from search_chains import chain

from litesmith.search.proposals import Point, frontier, growing, predicted, tails, thinned, windows


def best_within(gains: list[float], costs: list[float], budget: float) -> float:
    """Return the largest sum of gains for a sum of costs within the budget, by trying every set."""
    every = [some for n in range(len(gains) + 1) for some in combinations(range(len(gains)), n)]
    return max(sum(gains[i] for i in some) for some in every if sum(costs[i] for i in some) <= budget + 1e-9)


def test_every_growing_set_is_the_best_for_its_cost() -> None:
    random = np.random.default_rng(1)
    for _ in range(50):
        gains, extras = random.uniform(0.1, 5, 8).tolist(), random.uniform(0.1, 5, 8).tolist()
        costs = chain(extras)
        sets = growing({(i, i + 1): g for i, g in enumerate(gains)}, costs, noise=sum(gains) / 0.98, most=20)
        assert len(sets) == 8
        for chosen in sets:
            spent = costs.of(chosen)
            assert sum(gains[i] for i in chosen) == pytest.approx(best_within(gains, extras, spent))


def test_growing_stops_when_the_noise_is_gone_or_nothing_gains() -> None:
    costs = chain([1.0] * 6)
    gains = {(0, 1): 90.0, (1, 2): 9.0, (2, 3): 0.5, (3, 4): -1.0, (4, 5): -2.0, (5, 6): 0.0}
    assert growing(gains, costs, noise=100.0, most=9) == [{0}, {0, 1}]
    assert growing(gains, costs, noise=1000.0, most=9)[-1] == {0, 1, 2}
    assert len(growing(gains, costs, noise=1000.0, most=2)) == 2


def test_pair_that_gains_only_together_is_found() -> None:
    gains = {(i, i + 1): 0.01 for i in range(5)} | {(2, 4): 50.0}
    assert growing(gains, chain([1.0] * 5), noise=51.0, most=9)[0] == {2, 3}


def test_set_is_predicted_by_its_best_cover() -> None:
    gains = {(0, 1): 1.0, (1, 2): 2.0, (0, 2): 5.0, (3, 4): 7.0, (2, 4): 1.0}
    assert predicted(frozenset({0, 1}), gains) == 5.0
    assert predicted(frozenset({0, 1, 3}), gains) == 12.0
    assert predicted(frozenset({1, 2, 3}), gains) == 9.0
    assert predicted(frozenset(), gains) == 0.0


def test_frontier_is_that_of_brute_force() -> None:
    random = np.random.default_rng(2)
    for _ in range(50):
        points = [
            Point(chosen=frozenset({i}), cost=float(c), noise=float(n))
            for i, (c, n) in enumerate(random.integers(0, 6, (9, 2)))
        ]
        found = frontier(points)
        values = {(p.cost, p.noise) for p in points}
        beaten = {v for v in values if any(o != v and o[0] <= v[0] and o[1] <= v[1] for o in values)}
        assert [(p.cost, p.noise) for p in found] == sorted(values - beaten)


@pytest.mark.parametrize("count", [1, 2, 5, 30, 65, 400])
def test_windows_are_runs_within_the_model_and_as_many_as_allowed(count: int) -> None:
    found = windows(count, 240)
    assert (0, count) in found
    assert len(set(found)) == len(found) <= 240
    assert all(0 <= a < b <= count for a, b in found)
    assert {i for a, b in found for i in range(a, b)} == set(range(count))
    if count <= 65:
        assert {(i, i + 1) for i in range(count)} <= set(found)
    assert {(count - size, count) for size in tails(count)} <= set(found)


def test_thinned_keeps_the_ends() -> None:
    points = [Point(chosen=frozenset({i}), cost=float(i), noise=100.0 / (i + 1)) for i in range(30)]
    found = thinned(points, 6)
    assert (found[0], found[-1]) == (points[0], points[-1])
    assert len(found) == 6
    assert found == sorted(found, key=lambda p: p.cost)
    assert thinned(points[:3], 6) == points[:3]
