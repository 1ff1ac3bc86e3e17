"""Prepared samples as batches for training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from litesmith.core.preprocessing import Layout, normalize
from litesmith.core.samples import SampleSet
from litesmith.core.tensors import TensorSpec
from litesmith.runtime.feeding import match

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """Samples of one model.

    Attributes:
        samples: Prepared; mapped, not loaded.
        inputs: What the model takes.
        augmented: Whether they are images that may be flipped and shifted.
    """

    samples: SampleSet
    inputs: tuple[TensorSpec, ...]
    augmented: bool

    def batch(self, rows: Sequence[int], random: np.random.Generator | None = None) -> list[Array]:
        """Return model inputs [B, ...] in the model's order; with `random`, augmented where that applies."""
        order = match(self.samples, self.inputs)
        found = []
        for position, spec in zip(order, self.inputs, strict=True):
            entry = self.samples.inputs[position]
            values = np.asarray(self.samples.raw(position)[list(rows)])
            if random is not None and self.augmented and entry.normalized:
                values = flipped_and_shifted(values, random)
            if entry.normalized:
                values = normalize(values, self.samples.preprocessing)
            found.append(values.astype(spec.dtype, copy=False))
        return found

    def batches(self, rows: Sequence[int], size: int) -> Iterator[list[Array]]:
        """Yield samples in order, at most `size` at a time."""
        for start in range(0, len(rows), size):
            yield self.batch(rows[start : start + size])


def feed_of(samples: SampleSet, inputs: tuple[TensorSpec, ...]) -> Feed:
    """Return the feed of a model.

    Raises:
        DatasetError: an input has no samples.
    """
    match(samples, inputs)
    plain = samples.image and samples.preprocessing.layout is Layout.HWC
    return Feed(samples=samples, inputs=inputs, augmented=plain and all(len(e.shape) == 3 for e in samples.inputs))


def flipped_and_shifted(values: Array, random: np.random.Generator) -> Array:
    """Return images [B, H, W, C], each flipped or not and shifted by up to a tenth, edges repeated."""
    made = np.empty_like(values)
    rows, columns = values.shape[1:3]
    for image, source in zip(made, values, strict=True):
        turned = source[:, ::-1] if random.random() < 0.5 else source
        down, right = (int(random.integers(-(size // 10), size // 10 + 1)) for size in (rows, columns))
        y = np.clip(np.arange(rows) + down, 0, rows - 1)
        x = np.clip(np.arange(columns) + right, 0, columns - 1)
        image[...] = turned[y][:, x]
    return made
