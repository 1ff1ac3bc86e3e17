"""Picture files of many sizes and kinds, for holding what phones make of pictures against what Pillow makes of them.

Real photographs are used where there are some: those of the folder named by LITESMITH_BENCH_DATA, else those of clothes
in the bundled example, which are small and gray. The rest is made with the statistics of photographs: amplitudes that
fall with frequency, edges, and a sensor's grain.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

Pixels = npt.NDArray[np.uint8]
_EXAMPLE = Path(__file__).parents[2] / "examples/fashion_mnist/test.npz"
_FIELD = 512
_SIZES = [
    (1, 1), (1, 9), (7, 1), (2, 2), (3, 5), (5, 3), (13, 11), (8, 100), (100, 8), (27, 28), (28, 28), (31, 47),
    (63, 65), (96, 96), (97, 96), (127, 255), (128, 128), (160, 120), (199, 301), (223, 225), (224, 224), (225, 223),
    (240, 135), (299, 299), (301, 199), (320, 240), (333, 500), (375, 500), (480, 270), (480, 640), (500, 333),
    (511, 513), (640, 480), (227, 227), (2, 700), (700, 2), (1000, 40), (40, 1000), (601, 800), (800, 601),
]  # fmt: skip
"""Width and height."""
_LARGE = [(1280, 720), (720, 1280), (1999, 1333), (3024, 4032), (4032, 3024)]
_KINDS = ("colour", "colour", "gray", "alpha", "turned", "colour", "palette", "gray-alpha", "colour", "gray-16", "cmyk")


@dataclass(frozen=True, kw_only=True)
class Photograph:
    """A picture file.

    Attributes:
        file: JPEG or PNG.
        real: Whether a camera made it.
    """

    file: Path
    real: bool


def photographs(folder: Path, count: int, *, seed: int = 0) -> Iterator[Photograph]:
    """Write picture files and yield them, each made of another photograph."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    real, every = _real(random)
    fields = [_scene(random) for _ in range(6)]
    for number in range(count):
        large = number % (count // len(_LARGE)) == count // len(_LARGE) - 1 if count >= 2 * len(_LARGE) else False
        size = _LARGE[number * len(_LARGE) // count] if large else _SIZES[number % len(_SIZES)]
        taken = number % every == 0
        source = real[number // every % len(real)] if taken else fields[number % len(fields)]
        image = _sized(source, size, random)
        yield Photograph(file=_saved(image, _KINDS[number % len(_KINDS)], folder / f"{number:03d}"), real=taken)


def _real(random: np.random.Generator) -> tuple[list[Image.Image], int]:
    """Return photographs that cameras made, and of how many pictures one is to be of them."""
    named = os.environ.get("LITESMITH_BENCH_DATA", "")
    files = sorted((Path(named) / "imagenet_val_400" / "images").glob("*")) if named else []
    if files:
        return [Image.open(file).convert("RGB") for file in files[:200]], 1
    with np.load(_EXAMPLE) as stored:
        clothes = stored["x"]
    shown = clothes.reshape(len(clothes), 28, 28)[random.permutation(len(clothes))[:900]]
    mosaic = shown.reshape(30, 30, 28, 28).transpose(0, 2, 1, 3).reshape(840, 840)
    return [Image.fromarray(np.ascontiguousarray(np.roll(mosaic, 28 * step, axis=0))) for step in range(30)], 2


def _scene(random: np.random.Generator) -> Image.Image:
    """Return a made picture: noise of amplitude 1/f in each colour, a few hard edges, grain."""
    rows, columns = np.fft.fftfreq(_FIELD), np.fft.rfftfreq(_FIELD)
    reach = np.hypot(rows[:, None], columns[None, :])
    reach[0, 0] = 1.0
    made = np.empty((_FIELD, _FIELD, 3))
    light = random.normal(size=(_FIELD, len(columns))) + 1j * random.normal(size=(_FIELD, len(columns)))
    for channel in range(3):
        tint = random.normal(size=light.shape) + 1j * random.normal(size=light.shape)
        made[:, :, channel] = np.fft.irfft2((light + 0.4 * tint) / reach, s=(_FIELD, _FIELD))
    made *= 55 / made.std()
    made += random.uniform(90, 160, 3)
    down, across = np.mgrid[0:_FIELD, 0:_FIELD]
    for _ in range(5):
        slope, start = random.normal(), random.uniform(0, _FIELD)
        made[down > slope * across + start] += random.uniform(-40, 40, 3)
    made += random.normal(0, 2.5, made.shape)
    return Image.fromarray(np.clip(np.rint(made), 0, 255).astype(np.uint8))


def _sized(image: Image.Image, size: tuple[int, int], random: np.random.Generator) -> Image.Image:
    """Return a part of a picture, brought to a size."""
    part = random.uniform(0.5, 1.0, 2)
    width, height = (max(1, int(side * share)) for side, share in zip(image.size, part, strict=True))
    left, top = (
        int(random.integers(0, side - kept + 1)) for side, kept in zip(image.size, (width, height), strict=True)
    )
    return image.resize(size, Image.Resampling.BICUBIC, box=(left, top, left + width, top + height))


def _saved(image: Image.Image, kind: str, stem: Path) -> Path:
    """Write a picture as JPEG, or as PNG where it has what JPEG has not."""
    jpeg, png = stem.with_suffix(".jpg"), stem.with_suffix(".png")
    if kind == "colour":
        image.convert("RGB").save(jpeg, quality=92)
    elif kind == "gray":
        image.convert("L").save(jpeg, quality=85)
    elif kind == "turned":
        exif = Image.Exif()
        exif[0x0112] = 5 + sum(image.size) % 4
        image.convert("RGB").save(jpeg, quality=90, exif=exif)
    elif kind == "cmyk":
        image.convert("RGB").convert("CMYK").save(jpeg, quality=90)
    elif kind == "palette":
        image.convert("RGB").quantize(64).save(png)
    elif kind == "gray-16":
        wide: npt.NDArray[Any] = np.asarray(image.convert("L")).astype(np.uint16) * 257
        Image.fromarray(wide).save(png)
    else:
        veil = Image.linear_gradient("L").resize(image.size)
        layers = image.convert("L" if kind == "gray-alpha" else "RGB")
        layers.putalpha(veil)
        layers.save(png, compress_level=1)
    return jpeg if jpeg.exists() else png
