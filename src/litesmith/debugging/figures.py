"""Figures of one layer: shifted means, cut-off values, use of the range, fineness of logits."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from litesmith.debugging.noise import Grid, channels_of, decibels, power
from litesmith.debugging.suspect import LogitFacts, Suspect

Array = npt.NDArray[Any]
_DEAD = 1e-12


def add_shift(suspect: Suspect, exact: Array, local: Array, same: Array | None, *, rows: Array) -> None:
    """Add the mean errors of channels that a layer makes by itself: beside the float one fed with the same integers."""
    if same is None or same.shape != local[rows].shape:
        return
    error = channels_of(np.subtract(local[rows], same))
    means, spread = error.mean(axis=0, dtype=np.float64), float(exact.std()) or _DEAD
    noise, signal = power(error), power(same)
    fixed = float(np.square(means).sum()) * len(error)
    suspect.own_db = decibels(signal, noise)
    suspect.unbiased_db = decibels(signal, max(noise - fixed, 0.0))
    suspect.shift_share = fixed / noise if noise else 0.0
    suspect.shift_worst = float(np.abs(means).max() / spread)
    suspect.shift_mean = float(np.abs(means).mean() / spread)


def used_share(suspect: Suspect) -> float | None:
    """Return the share of the integers that the exact values span."""
    facts = suspect.ranges
    if facts is None:
        return None
    grid = facts.grid
    low, high = (min(max(v, grid.low), grid.high) for v in (facts.low, facts.high))
    return min(1.0, max(0.0, (high - low) / (grid.high - grid.low)))


def logit_facts(exact: Array, found: Array, step: float) -> LogitFacts | None:
    """Return how fine the scored output's integers are beside the distances of classes."""
    flat, other = exact.reshape(len(exact), -1), found.reshape(len(found), -1)
    if flat.shape[1] < 2 or not step:
        return None
    best, rounded = (np.sort(v, axis=1)[:, -2:] for v in (flat, other))
    gaps, ties = best[:, 1] - best[:, 0], rounded[:, 1] - rounded[:, 0]
    return LogitFacts(
        step=step, close=float((gaps < step).mean()), tied=float((ties < step / 2).mean()), samples=len(flat)
    )


def saturated(exact: Array, found: Array, grid: Grid | None) -> tuple[float, float]:
    """Return the fractions of values that stand at the lowest and at the highest integer and belong beyond it."""
    if grid is None:
        return 0.0, 0.0
    half = grid.step / 2
    low = (exact < grid.low - half) & (found <= grid.low + half)
    high = (exact > grid.high + half) & (found >= grid.high - half)
    return float(low.mean()), float(high.mean())
