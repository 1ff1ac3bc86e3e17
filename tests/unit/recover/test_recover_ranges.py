from __future__ import annotations

import numpy as np
import pytest

from litesmith.recover.ranges import least_error
from litesmith.recover.rounding import grid_of


def squared_error(values: np.ndarray, low: float, high: float) -> float:
    grid = grid_of(low, high)
    rounded = np.rint(np.clip(values, grid.low, grid.high) / grid.scale) * grid.scale
    return float(np.square(values - rounded).mean())


@pytest.mark.parametrize("kind", ["normal", "heavy tails", "after relu"])
@pytest.mark.slow
def test_the_range_has_the_least_squared_error(kind: str) -> None:
    random = np.random.default_rng(0)
    values = random.normal(size=50_000) if kind != "heavy tails" else random.standard_t(3, size=50_000)
    values = np.maximum(values, 0) if kind == "after relu" else values
    ours = squared_error(values, *least_error(values))
    shares = np.linspace(0.1, 1, 46)
    best = min(squared_error(values, values.min() * a, values.max() * b) for a in shares for b in shares)
    assert ours < 1.1 * best
    if kind == "heavy tails":
        assert ours < 0.95 * squared_error(values, values.min(), values.max())


def test_ranges_that_hold_nothing() -> None:
    assert least_error(np.zeros(4)) == (0.0, 0.0)
    assert least_error(np.full(4, 2.0)) == (0.0, 2.0)
    assert grid_of(0.0, 0.0).scale > 0
    assert grid_of(1.0, 2.0).low == pytest.approx(0.0)
    assert grid_of(-2.0, -1.0).high == pytest.approx(0.0)
