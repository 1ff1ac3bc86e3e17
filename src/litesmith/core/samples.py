"""Samples ready to feed: decoded and resized once, kept in .npy files that every process maps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from litesmith.core.preprocessing import Preprocessing, normalize
from litesmith.core.results import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleInput:
    """The values for one model input.

    Attributes:
        name: The model's input name; empty for the only input.
        path: .npy file [N, ...] of raw values, before scale and offset.
        shape: Shape of one sample.
        dtype: NumPy name of the stored values.
        normalized: Whether scale and offset apply to it.
    """

    name: str
    path: Path
    shape: tuple[int, ...]
    dtype: str
    normalized: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleSet:
    """Prepared samples of one dataset.

    Attributes:
        kind: Plugin that read the dataset.
        source: The dataset as the user named it.
        digest: sha256 of contents and preprocessing.
        inputs: One entry per model input.
        labels: Class index of each sample, or None for an unlabelled set.
        names: What to call each sample in a message: a file, or `row 17`.
        preprocessing: The record the samples were prepared with.
        image: Whether samples were decoded from image files or have image shape and 8-bit values.
        resized: Whether they were decoded or resized here, so that crop, filter and colour order applied.
        findings: Samples left out, each with its reason, and what was changed to make the others fit.
    """

    kind: str
    source: str
    digest: str
    inputs: tuple[SampleInput, ...]
    labels: tuple[int, ...] | None
    names: tuple[str, ...]
    preprocessing: Preprocessing
    image: bool
    resized: bool = False
    findings: tuple[Finding, ...] = ()

    @property
    def count(self) -> int:
        """Number of usable samples."""
        return len(self.names)

    def raw(self, index: int = 0) -> npt.NDArray[np.generic]:
        """Return the stored values of one input as a read-only memory map [N, ...]."""
        stored: npt.NDArray[np.generic] = np.load(self.inputs[index].path, mmap_mode="r")
        return stored

    def batches(self, start: int, stop: int) -> Iterator[list[npt.NDArray[np.generic]]]:
        """Yield, for each sample of a range, its input arrays [1, ...], normalised where that applies."""
        stored = [self.raw(i) for i in range(len(self.inputs))]
        for row in range(start, stop):
            yield [
                normalize(np.asarray(values[row : row + 1]), self.preprocessing)
                if entry.normalized
                else np.array(values[row : row + 1])
                for entry, values in zip(self.inputs, stored, strict=True)
            ]
