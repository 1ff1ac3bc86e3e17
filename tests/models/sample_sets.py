"""Prepared samples from arrays, as `data/` would leave them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from litesmith.core.preprocessing import PRESETS, Preprocessing
from litesmith.core.samples import SampleInput, SampleSet

UNIT = PRESETS["unit"]


def pictures(count: int, *, size: int = 8, seed: int = 0) -> npt.NDArray[np.uint8]:
    """Return noise of different brightness and colour, uint8 [count, size, size, 3]."""
    random = np.random.default_rng(seed)
    tint = random.uniform(0, 255, (count, 1, 1, 3))
    noise = random.normal(0, 40, (count, size, size, 3))
    return np.clip(tint + noise, 0, 255).astype(np.uint8)


def sample_set(
    folder: Path,
    values: npt.NDArray[Any] | Mapping[str, npt.NDArray[Any]],
    *,
    record: Preprocessing = UNIT,
    labels: Sequence[int] | None = None,
    normalized: bool = True,
) -> SampleSet:
    """Store arrays [N, ...] as .npy files and return the set of them."""
    folder.mkdir(parents=True, exist_ok=True)
    named = values if isinstance(values, Mapping) else {"": values}
    inputs = []
    for name, stored in named.items():
        path = folder / f"{name or 'only'}.npy"
        np.save(path, stored)
        entry = SampleInput(
            name=name, path=path, shape=stored.shape[1:], dtype=stored.dtype.name, normalized=normalized
        )
        inputs.append(entry)
    count = len(next(iter(named.values())))
    return SampleSet(
        kind="handmade",
        source=str(folder),
        digest="0" * 64,
        inputs=tuple(inputs),
        labels=None if labels is None else tuple(labels),
        names=tuple(f"row {i}" for i in range(count)),
        preprocessing=record,
        image=False,
    )
