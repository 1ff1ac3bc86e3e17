"""Random inputs for a model, for the check of a conversion where there is no dataset."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from litesmith.core.preprocessing import PRESETS
from litesmith.core.samples import SampleInput, SampleSet
from litesmith.core.tensors import TensorSpec


def has_open_size(specs: tuple[TensorSpec, ...]) -> bool:
    """Tell whether any size but the batch is dynamic."""
    return any(size < 0 for spec in specs for size in spec.sample_shape)


def random_samples(specs: tuple[TensorSpec, ...], *, count: int, seed: int, folder: Path, size: int = 1) -> SampleSet:
    """Return random inputs for a model: floats in -1..1, integers 0 or 1. For checks of arithmetic only.

    Args:
        specs: The model's inputs.
        count: Number of samples.
        seed: Of the random values.
        folder: Where the arrays go.
        size: For every dynamic dimension but the batch.
    """
    rng = np.random.default_rng(seed)
    entries = []
    for position, spec in enumerate(specs):
        shape = tuple(size if d < 0 else d for d in spec.sample_shape)
        dtype = np.dtype(spec.dtype)
        if dtype.kind == "f":
            values = rng.uniform(-1, 1, (count, *shape)).astype(dtype)
        else:
            values = rng.integers(0, 2, (count, *shape)).astype(dtype)
        path = folder / f"random_{position}.npy"
        np.save(path, values)
        entries.append(SampleInput(name=spec.name, path=path, shape=shape, dtype=spec.dtype, normalized=False))
    return SampleSet(
        kind="random",
        source="random values",
        digest=f"random {seed}",
        inputs=tuple(entries),
        labels=None,
        names=tuple(f"random {i}" for i in range(count)),
        preprocessing=PRESETS["raw"],
        image=False,
    )
