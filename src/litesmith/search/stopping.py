"""The order in which candidates are evaluated, when that ends, and which samples they are evaluated on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

import numpy as np


class Goal(Enum):
    """What the recommended variant is to be best in, among those that meet the limits."""

    ACCURACY = "accuracy"
    LATENCY = "latency"
    SIZE = "size"
    BALANCED = "balanced"


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What a search may spend: evaluations, and minutes of this run."""

    evaluations: int
    minutes: float


CHOICE_SHARE, MOST_CHOICE = 3, 500


def next_candidate(count: int, met: Mapping[int, bool], *, goal: Goal) -> int | None:
    """Return which candidate to evaluate next, or None when the answer is known.

    Candidates are ordered by cost, and each is more accurate than the one before. For accuracy they are taken from the
    most accurate down, all of them. Else the cheapest that meets the limit is looked for by halving.

    Args:
        count: Candidates.
        met: Of those evaluated, whether each meets the limit.
        goal: The goal.
    """
    if goal is Goal.ACCURACY:
        return next((index for index in reversed(range(count)) if index not in met), None)
    low = max((index for index, good in met.items() if not good), default=-1)
    high = min((index for index, good in met.items() if good and index > low), default=count)
    return (low + high) // 2 if high - low > 1 else None


def stopped(budget: Budget, *, evaluations: int, elapsed_s: float) -> str:
    """Return in words which budget is used up; empty when none is."""
    if evaluations >= budget.evaluations:
        return f"--search-evaluations {budget.evaluations} were used up"
    if elapsed_s >= budget.minutes * 60:
        return f"--search-minutes {budget.minutes:g} were used up"
    return ""


def split(count: int, *, seed: int) -> tuple[list[int], list[int]]:
    """Return the samples to choose by, a third and at most 500, and those to confirm on; the same for the same seed."""
    order = np.random.default_rng([seed, count]).permutation(count).tolist()
    chosen = min(count // CHOICE_SHARE, MOST_CHOICE)
    return sorted(order[:chosen]), sorted(order[chosen:])
