"""Intervals and tests against independent computations."""

from __future__ import annotations

import math

import numpy as np
import pytest

from litesmith.evaluate.intervals import Z95, mcnemar_exact, mean_interval, tango, wilson


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),  # Newcombe, Stat. Med. 17 (1998) 857, table I, method 3
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (20, 20, 0.8389, 1.0),
    ],
)
def test_wilson_gives_the_published_intervals(successes: int, n: int, low: float, high: float) -> None:
    assert wilson(successes, n) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


@pytest.mark.parametrize(("successes", "n"), [(3, 10), (90, 100), (1, 1000), (4999, 5000)])
def test_at_wilsons_ends_the_score_test_just_rejects(successes: int, n: int) -> None:
    for end in wilson(successes, n):
        assert abs(successes / n - end) / math.sqrt(end * (1 - end) / n) == pytest.approx(Z95, rel=1e-9)


def test_wilson_of_nothing_and_of_all() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(0, 5)[0] == 0.0
    assert wilson(5, 5)[1] == 1.0


def likelihood_at(gained: int, lost: int, n: int, delta: float) -> float:
    """Return the share of `lost` that is most likely when gained - lost is `delta`, by searching ever finer."""
    same = n - gained - lost
    low, high = max(0.0, -delta), (1 - delta) / 2
    for _ in range(8):
        shares = np.linspace(low, high, 201)[1:-1]
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = sum(
                count * np.log(np.maximum(share, 1e-300)) if count else 0.0 * shares
                for count, share in ((gained, shares + delta), (lost, shares), (same, 1 - 2 * shares - delta))
            )
        best = int(np.argmax(logs))
        width = (high - low) / 200
        low, high = max(low, shares[best] - 2 * width), min(high, shares[best] + 2 * width)
    return float((low + high) / 2)


def brute_tango(gained: int, lost: int, n: int) -> tuple[float, float]:
    """Return where the score statistic, with the likelihood maximised numerically, reaches its critical value."""

    def statistic(delta: float) -> float:
        share = likelihood_at(gained, lost, n, delta)
        return abs(gained - lost - n * delta) / math.sqrt(max(n * (2 * share + delta * (1 - delta)), 1e-300))

    ends = []
    for outer in (-1.0, 1.0):
        inside, outside = (gained - lost) / n, outer
        for _ in range(45):
            middle = (inside + outside) / 2
            inside, outside = (middle, outside) if statistic(middle) < Z95 else (inside, middle)
        ends.append(inside)
    return ends[0], ends[1]


@pytest.mark.parametrize(
    ("gained", "lost", "n"), [(1, 0, 44), (0, 1, 44), (9, 5, 50), (40, 20, 1000), (0, 0, 54), (10, 0, 20), (3, 30, 60)]
)
def test_tango_agrees_with_the_likelihood_maximised_by_search(gained: int, lost: int, n: int) -> None:
    assert tango(gained, lost, n) == pytest.approx(brute_tango(gained, lost, n), abs=2e-4)


def test_tango_mirrors_when_the_models_are_swapped() -> None:
    low, high = tango(7, 19, 400)
    assert tango(19, 7, 400) == (pytest.approx(-high), pytest.approx(-low))


def test_tango_holds_the_estimate_and_narrows_with_n() -> None:
    widths = []
    for n in (100, 1000, 10_000):
        low, high = tango(n // 50, n // 25, n)
        assert low < -0.02 < high
        widths.append(high - low)
    assert widths[0] > 2.5 * widths[1] > 2.5 * 2.5 * widths[2]
    assert tango(0, 0, 0) == (-1.0, 1.0)
    assert tango(10, 0, 10)[1] == pytest.approx(1.0)


@pytest.mark.parametrize(("gained", "lost"), [(0, 0), (1, 0), (0, 5), (2, 10), (10, 2), (7, 7), (30, 55), (300, 360)])
def test_mcnemar_is_the_sum_of_both_tails(gained: int, lost: int) -> None:
    n = gained + lost
    tail = sum(math.comb(n, k) for k in range(min(gained, lost) + 1))
    assert mcnemar_exact(gained, lost) == pytest.approx(min(1.0, 2 * tail / 2**n), rel=1e-9)


def test_interval_of_a_mean() -> None:
    values = np.array([1.0, 2.0, 3.0, 6.0])
    half = Z95 * math.sqrt(14 / 3) / 2  # squared distances from 3 sum to 14
    assert mean_interval(values) == (pytest.approx(3 - half), pytest.approx(3 + half))
    assert mean_interval(np.array([4.0])) == (4.0, 4.0)
