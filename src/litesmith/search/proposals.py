"""Sets of operators worth measuring: windows for the sensitivity, growing sets from it, and tails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from litesmith.search.costs import Chosen, Costs, closed

Window = tuple[int, int]
_SIZES = (1, 2, 4, 8)
_LEAST_COST = 1e-6
_ENOUGH = 0.98
"""Share of the noise that is predicted to be gone when a set need not grow further."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A set of units with what it costs and what noise it leaves; smaller is better in both."""

    chosen: Chosen
    cost: float
    noise: float


def windows(count: int, most: int) -> list[Window]:
    """Return runs of units (first, one past the last) to measure: of 1, 2, 4 and 8 units, and tails.

    With many units the short runs are left out, so that about `most` remain; all units together are always there.

    >>> windows(3, 100)
    [(0, 1), (1, 2), (2, 3), (0, 2), (1, 3), (0, 3)]
    """
    if count == 0:
        return []
    sizes = [size for size in _SIZES if size < count]
    found: list[Window] = []
    unit = 1
    while not found or len(set(found)) > max(most, 2):
        found = []
        for size in sizes:
            wide = size * unit
            step = max(unit, wide // 2)
            found += [(a, min(a + wide, count)) for a in range(0, count, step) if a + wide < count + step]
        found += [(count - size, count) for size in tails(count)]
        found = [w for w in dict.fromkeys(found) if w != (0, count)] + [(0, count)]
        unit *= 2
        if unit > count:
            break
    return sorted(dict.fromkeys(found), key=lambda w: (w[1] - w[0], w[0]))


def tails(count: int) -> list[int]:
    """Return lengths of tails, each about half as long again as the one before.

    >>> tails(10)
    [1, 2, 3, 4, 6, 9, 10]
    """
    found, size = [], 1
    while size < count:
        found.append(size)
        size = max(size + 1, int(size * 1.5))
    return [*found, count] if count else []


def predicted(chosen: Chosen, gains: Mapping[Window, float]) -> float:
    """Return the noise that a set takes away, from what windows were measured to take away.

    Runs of the set are covered by windows that do not overlap, in the way that gives most: a window knows what its
    operators gain together, which for activations is more than each alone.
    """
    total = 0.0
    ordered = sorted(chosen)
    start = 0
    while start < len(ordered):
        stop = start
        while stop + 1 < len(ordered) and ordered[stop + 1] == ordered[stop] + 1:
            stop += 1
        total += _covered(ordered[start], ordered[stop] + 1, gains)
        start = stop + 1
    return total


def _covered(first: int, last: int, gains: Mapping[Window, float]) -> float:
    best = {first: 0.0}
    for end in range(first + 1, last + 1):
        options = [best[end - 1]]
        options += [best[a] + gain for (a, b), gain in gains.items() if b == end and a >= first]
        best[end] = max(options)
    return best[last]


def growing(gains: Mapping[Window, float], costs: Costs, *, noise: float, most: int) -> list[Chosen]:
    """Return growing sets: each adds the window that gains most for its cost, and what is then cheaper in float.

    With gains and costs that only add up, each set is the best there is for its cost, as for a knapsack that is filled
    by value per weight.

    Args:
        gains: Noise that each window alone takes away.
        costs: Costs.
        noise: What there is to take away.
        most: Largest number of sets.
    """
    chosen: Chosen = frozenset()
    found: list[Chosen] = []
    while len(found) < most and predicted(chosen, gains) < _ENOUGH * noise:
        spent, gained = costs.of(chosen), predicted(chosen, gains)
        options = []
        for first, last in sorted(gains):
            grown = closed(chosen | frozenset(range(first, last)), costs)
            extra = predicted(grown, gains) - gained
            if grown != chosen and extra > 0:
                options.append((extra / max(costs.of(grown) - spent, _LEAST_COST), -len(grown), grown))
        if not options:
            break
        chosen = max(options, key=lambda option: (option[0], option[1], sorted(option[2])))[2]
        found.append(chosen)
    return found


def frontier(points: Sequence[Point]) -> list[Point]:
    """Return the points that no other beats in both, cheapest first; of equal ones the smallest set."""
    kept: list[Point] = []
    for point in sorted(points, key=lambda p: (p.cost, p.noise, len(p.chosen), sorted(p.chosen))):
        if not kept or point.noise < kept[-1].noise:
            kept.append(point)
    return kept


def thinned(points: Sequence[Point], most: int) -> list[Point]:
    """Return at most `most` points of a frontier, the ends among them, evenly by the logarithm of the noise."""
    import math

    if len(points) <= most:
        return list(points)
    logs = [math.log(max(point.noise, 1e-30)) for point in points]
    marks = [logs[0] + (logs[-1] - logs[0]) * k / (most - 1) for k in range(most)]
    picked = {min(range(len(points)), key=lambda i: (abs(logs[i] - mark), i)) for mark in marks}
    return [points[index] for index in sorted(picked)]
