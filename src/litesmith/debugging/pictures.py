"""Histograms and channel ranges of tensors, to be drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from litesmith.core.debugging import TensorPicture
from litesmith.debugging.noise import Grid, channels_of
from litesmith.debugging.suspect import Suspect

Array = npt.NDArray[Any]
BINS = 80
MOST_CHANNELS = 128


@dataclass(frozen=True, slots=True)
class Picture:
    """What of a tensor is drawn: see `TensorPicture`."""

    grid: Grid | None
    edges: Array
    counts: Array
    low: Array
    high: Array
    channels: int


def picture_of(values: Array, grid: Grid | None) -> Picture:
    """Return a histogram of exact values and the range of each channel."""
    rows = channels_of(values)
    finite = rows[np.isfinite(rows)]
    counts, edges = np.histogram(finite, BINS) if finite.size else (np.zeros(BINS, int), np.linspace(0, 1, BINS + 1))
    low, high = rows.min(axis=0), rows.max(axis=0)
    picked = np.unique(np.linspace(0, len(low) - 1, min(len(low), MOST_CHANNELS)).astype(int))
    return Picture(grid=grid, edges=edges, counts=counts, low=low[picked], high=high[picked], channels=len(low))


def drawn(picture: Picture, suspect: Suspect) -> TensorPicture:
    """Return a picture as a record."""
    grid = picture.grid
    return TensorPicture(
        index=suspect.index,
        layer=suspect.layer,
        tensor=suspect.tensor,
        low=grid.low if grid else 0.0,
        high=grid.high if grid else 0.0,
        step=grid.step if grid else 0.0,
        edges=tuple(float(v) for v in picture.edges),
        counts=tuple(int(v) for v in picture.counts),
        channel_low=tuple(float(v) for v in picture.low),
        channel_high=tuple(float(v) for v in picture.high),
        channels=picture.channels,
    )
