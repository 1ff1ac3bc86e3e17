"""Statistics of made-up activations."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from litesmith.quantize.activations import BINS, TensorStatistics, bin_indices


def statistics_of(values: npt.NDArray[Any]) -> TensorStatistics:
    """Return what calibration would keep of one tensor whose every element is counted."""
    stored = np.ascontiguousarray(values, np.float32).reshape(-1)
    histogram = np.bincount(bin_indices(stored), minlength=BINS)
    occupied = np.flatnonzero(histogram)
    return TensorStatistics(
        minimum=float(stored.min()),
        maximum=float(stored.max()),
        mean_minimum=float(stored.min()),
        mean_maximum=float(stored.max()),
        count=stored.size,
        samples=1,
        bins=occupied,
        weights=histogram[occupied] / stored.size,
    )


def made_tensors() -> dict[str, npt.NDArray[np.float32]]:
    """Return activations of the kinds that networks have, and some that they should not have."""
    random = np.random.default_rng(11)
    normal = random.normal(0, 1, 40_000)
    return {
        "heavy-tailed": random.standard_t(3, 40_000).astype(np.float32),
        "normal": normal.astype(np.float32),
        "rectified": np.maximum(normal, 0).astype(np.float32),
        "relu6": np.clip(normal * 4, 0, 6).astype(np.float32),
        "negative": -np.abs(normal).astype(np.float32),
        "offset": (normal * 0.1 + 5).astype(np.float32),
        "uniform": random.uniform(-1, 3, 40_000).astype(np.float32),
        "outlier": np.append(normal, 1000).astype(np.float32),
        "tiny": (normal * 1e-20).astype(np.float32),
        "huge": (normal * 1e15).astype(np.float32),
        "constant": np.full(10, 2.5, np.float32),
        "zero": np.zeros(10, np.float32),
        "two values": np.array([-1, 1], np.float32),
    }


def random_values(seed: int) -> npt.NDArray[np.float32]:
    """Return one to some thousand values of a random kind and size, subnormal ones and single spikes among them."""
    random = np.random.default_rng(seed)
    count = int(random.choice([1, 2, 3, 10, 100, 5000]))
    kinds = (
        lambda: random.normal(random.normal(), 1, count),
        lambda: np.maximum(random.normal(0, 1, count), 0),
        lambda: -random.exponential(1, count),
        lambda: random.standard_cauchy(count),
        lambda: random.lognormal(0, 3, count),
        lambda: np.full(count, random.normal()),
        lambda: np.zeros(count),
        lambda: random.choice([-1.0, 0.0, 1.0, 1e6], count),
        lambda: random.normal(0, 1, count) * (random.random(count) < 0.01),
        lambda: random.integers(-3, 256, count).astype(np.float64),
    )
    values = kinds[seed % len(kinds)]()
    size = 10.0 ** random.choice([-44, -41, -38, -20, -3, 0, 0, 0, 3, 20, 37])
    largest = float(np.finfo(np.float32).max)
    return np.clip(values * size, -largest / 4, largest / 4).astype(np.float32)
