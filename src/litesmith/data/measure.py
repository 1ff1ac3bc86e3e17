"""What can be seen of the samples of one input in a single pass: range, finiteness, repeats, noise."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from litesmith.core.preprocessing import Layout
from litesmith.data.npy import Array, rows_per_chunk

_LINES = 24
"""Lines of an image that are compared with their neighbours."""
_FEWEST_PAIRS = 150
_BLOCK = 16
"""Samples whose noise is looked at together; few, so that they stay in the CPU's cache."""
_UNRELATED = 0.25
_KURTOSIS = (1.4, 4.2)
"""Uniform noise has 1.8, normal noise 3.0; pictures with structure but no correlation mostly lie outside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputFacts:
    """Per sample [N].

    Attributes:
        low: Smallest value; NaN where the sample is not finite.
        high: Largest value; NaN where the sample is not finite.
        finite: Whether all values are finite.
        noise: Whether it looks like white noise; False where that cannot be told.
        keys: Equal for equal samples.
    """

    low: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]
    finite: npt.NDArray[np.bool_]
    noise: npt.NDArray[np.bool_]
    keys: tuple[bytes, ...]


def measure(data: Array, *, layout: Layout) -> InputFacts:
    """Return the facts of samples [N, ...] of any numeric dtype, reading them chunk by chunk."""
    count = len(data)
    low, high = np.empty(count), np.empty(count)
    finite, noise = np.ones(count, np.bool_), np.zeros(count, np.bool_)
    keys: list[bytes] = []
    step = rows_per_chunk(data.shape[1:], data.itemsize)
    for start in range(0, count, step):
        part = np.ascontiguousarray(data[start : start + step])
        stop = start + len(part)
        flat = part.reshape(len(part), -1)
        if not flat.size:
            low[start:stop] = high[start:stop] = np.nan
            keys += [b""] * len(part)
            continue
        low[start:stop], high[start:stop] = flat.min(axis=1), flat.max(axis=1)
        finite[start:stop] = np.isfinite(low[start:stop]) & np.isfinite(high[start:stop])
        keys += [hashlib.sha256(row.data).digest() for row in flat]
        planes = _planes(part, layout)
        if planes is not None:
            for first in range(0, len(part), _BLOCK):
                block = _looks_random(planes[first : first + _BLOCK])
                noise[start + first : start + first + len(block)] = block
    noise &= finite
    low[~finite] = high[~finite] = np.nan
    return InputFacts(low=low, high=high, finite=finite, noise=noise, keys=tuple(keys))


def _planes(part: Array, layout: Layout) -> Array | None:
    """Return samples as [N, H, W, C] where they have image shape, else None."""
    if part.ndim == 4 and layout is Layout.CHW:
        part = part.transpose(0, 2, 3, 1)
    elif part.ndim == 3 and part.dtype == np.uint8:
        part = part[..., None]
    if part.ndim != 4 or part.shape[3] not in (1, 3, 4) or min(part.shape[1:3]) < 8:
        return None
    return part


def _looks_random(planes: Array) -> npt.NDArray[np.bool_]:
    """Tell which of [N, H, W, C] have values unrelated to their neighbours in both directions.

    The larger of the two coefficients was at least 0.65 on each of 800 ImageNet photos, 2000 CIFAR-10 images and
    500 MFCC features, and above 0.63 on 99 % of 60000 Fashion-MNIST drawings, none of which counts as noise by both
    tests. On noise of 28x28 and 49x10 it stayed below 0.25. Only some lines are compared.
    """
    _, height, width, channels = planes.shape
    stride = max(1, (height - 1) // _LINES)
    rows = np.arange(0, height - 1, stride)
    pairs = len(rows) * (width - 1) * channels
    if pairs < _FEWEST_PAIRS:
        return np.zeros(len(planes), np.bool_)
    with np.errstate(all="ignore"):  # samples that are constant or not finite give NaN and count as no noise
        here = planes[:, rows].astype(np.float32)
        below = planes[:, rows + 1].astype(np.float32)
        mean = here.mean(axis=(1, 2), keepdims=True)
        here -= mean
        below -= mean
        squares = here * here
        variance = squares.mean(axis=(1, 2, 3))
        across = np.einsum("nhwc,nhwc->n", here[:, :, :-1], here[:, :, 1:]) / pairs / variance
        down = np.einsum("nhwc,nhwc->n", here, below) / (pairs * width / (width - 1)) / variance
        kurtosis = np.einsum("nhwc,nhwc->n", squares, squares) / (pairs * width / (width - 1)) / variance**2
        random: npt.NDArray[np.bool_] = (
            (np.abs(across) < _UNRELATED)
            & (np.abs(down) < _UNRELATED)
            & (kurtosis > _KURTOSIS[0])
            & (kurtosis < _KURTOSIS[1])
        )
    return random
