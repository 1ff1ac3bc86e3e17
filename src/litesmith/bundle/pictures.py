"""Made pictures for golden vectors: each of a size and content that shows one kind of difference between decoders."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
_LARGEST_SIDE = 400
"""Made pictures are not larger than this, so that golden vectors stay small for any model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MadePicture:
    """One made picture.

    Attributes:
        name: Such as `every-byte`.
        about: What it is there for, one line.
        pixels: uint8 [H, W, 3], or [H, W] of a grey one.
    """

    name: str
    about: str
    pixels: Pixels


def pictures(height: int, width: int, *, seed: int) -> list[MadePicture]:
    """Return made pictures for a model whose input is `height` x `width`, the most telling first.

    The same seed gives the same pixels. Sizes are odd and of another aspect than the input where resizing and cropping
    are to be seen, and the input's own where only the arithmetic after it is.
    """
    random = np.random.default_rng(seed)
    large = (_odd(height * 1.3), _odd(width * 1.7))
    small = (_odd(height * 0.6), _odd(width * 0.45))
    return [
        MadePicture(
            name="every-byte",
            about="the input's own size, every byte value in every channel: each rounding of the quantization",
            pixels=_every_byte(height, width),
        ),
        MadePicture(
            name="photo-like",
            about="smooth shades, edges and texture, larger than the input: resizing downwards",
            pixels=_photo_like(*large, random),
        ),
        MadePicture(
            name="resize-ties",
            about="neighbours that differ by 1, 2 and 4, half the input's size: ties in the rounding of resized values",
            pixels=_steps(max(1, (height + 1) // 2), max(1, (width + 1) // 2)),
        ),
        MadePicture(
            name="noise",
            about="independent bytes, smaller than the input: resizing upwards",
            pixels=random.integers(0, 256, (*small, 3)).astype(np.uint8),
        ),
        MadePicture(
            name="grey",
            about="a picture without colours in one channel",
            pixels=_photo_like(*small, random)[:, :, 1].copy(),
        ),
        MadePicture(name="all-255", about="the largest bytes", pixels=np.full((*small, 3), 255, np.uint8)),
        MadePicture(name="all-0", about="the smallest bytes", pixels=np.zeros((*small, 3), np.uint8)),
        MadePicture(
            name="checkerboard",
            about="0 beside 255, larger than the input: clipping in filters that overshoot",
            pixels=_checkerboard(*large),
        ),
        MadePicture(
            name="gradient",
            about="red to the right, green downwards, blue both: the order of channels, rows and columns",
            pixels=_gradient(*small),
        ),
    ]


def _odd(side: float) -> int:
    return min(max(int(side), 1), _LARGEST_SIDE) | 1


def _every_byte(height: int, width: int) -> Pixels:
    """Return bytes that count on along rows, by other steps in each channel, so that small inputs see most of them."""
    count = np.arange(height * width, dtype=np.int64).reshape(height, width)
    return np.stack([count % 256, (255 - count * 3) % 256, (count * 5 + 128) % 256], axis=2).astype(np.uint8)


def _steps(height: int, width: int) -> Pixels:
    rows, columns = np.mgrid[0:height, 0:width]
    base = 100 + rows % 32
    odd = (rows + columns) % 2
    return np.stack([base + odd, base + 2 * odd, base + 4 * odd], axis=2).astype(np.uint8)


def _checkerboard(height: int, width: int) -> Pixels:
    rows, columns = np.mgrid[0:height, 0:width]
    return np.repeat((((rows // 3 + columns // 3) % 2) * 255)[:, :, None], 3, axis=2).astype(np.uint8)


def _gradient(height: int, width: int) -> Pixels:
    rows, columns = np.mgrid[0:height, 0:width]
    red = columns * 255 // max(width - 1, 1)
    green = rows * 255 // max(height - 1, 1)
    return np.stack([red, green, (red + green) // 2], axis=2).astype(np.uint8)


def _photo_like(height: int, width: int, random: np.random.Generator) -> Pixels:
    """Return three octaves of smooth noise, a bright disc with a hard edge, and a little grain."""
    picture = np.zeros((height, width, 3))
    for cells, weight in ((3, 70.0), (7, 35.0), (17, 18.0)):
        picture += weight * _smooth(random.uniform(-1, 1, (cells, cells, 3)), height, width)
    rows, columns = np.mgrid[0:height, 0:width]
    disc = (rows - 0.4 * height) ** 2 + (columns - 0.6 * width) ** 2 < (0.22 * min(height, width)) ** 2
    picture += np.where(disc[:, :, None], np.array([60.0, 25.0, -30.0]), 0.0)
    picture += random.normal(0, 3, picture.shape)
    return np.clip(np.rint(picture + 128), 0, 255).astype(np.uint8)


def _smooth(grid: npt.NDArray[np.float64], height: int, width: int) -> npt.NDArray[np.float64]:
    """Return a coarse grid [c, c, 3] interpolated linearly to [height, width, 3]."""
    cells = grid.shape[0]

    def places(size: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        at = np.linspace(0, cells - 1, size)
        low = np.minimum(at.astype(np.int64), cells - 2)
        return low, at - low

    (top, down), (left, across) = places(height), places(width)
    a, b = down[:, None, None], across[None, :, None]
    upper = grid[top][:, left] * (1 - b) + grid[top][:, left + 1] * b
    lower = grid[top + 1][:, left] * (1 - b) + grid[top + 1][:, left + 1] * b
    made: npt.NDArray[np.float64] = upper * (1 - a) + lower * a
    return made
