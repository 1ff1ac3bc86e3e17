"""Decodes and resizes images into a shared .npy file. Called in worker processes; Pillow is imported here only."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

from litesmith.core.preprocessing import Layout, Resize
from litesmith.data.images import ImagePlan

Pixels = npt.NDArray[np.uint8]
_FILTERS = {
    Resize.BILINEAR: Image.Resampling.BILINEAR,
    Resize.NEAREST: Image.Resampling.NEAREST,
    Resize.BICUBIC: Image.Resampling.BICUBIC,
    Resize.LANCZOS: Image.Resampling.LANCZOS,
    Resize.BOX: Image.Resampling.BOX,
}


def decode_span(files: Sequence[Path], start: int, target: Path, plan: ImagePlan) -> list[tuple[int, str]]:
    """Decode `files` into rows `start`... of a uint8 .npy file.

    Returns:
        Row and reason of each image that could not be read; its row is left as it was.
    """
    rows = np.load(target, mmap_mode="r+")
    failures: list[tuple[int, str]] = []
    for row, file in enumerate(files, start):
        try:
            rows[row] = read_image(file, plan)
        except Exception as error:  # Pillow raises many kinds for a damaged file
            failures.append((row, _reason(error)))
    rows.flush()
    return failures


def resize_span(source: Path, picked: Sequence[int], start: int, target: Path, plan: ImagePlan) -> None:
    """Resize the `picked` rows of a uint8 image array into rows `start`... of another .npy file."""
    images, rows = np.load(source, mmap_mode="r"), np.load(target, mmap_mode="r+")
    for row, position in enumerate(picked, start):
        pixels = np.asarray(images[position])
        if plan.layout is Layout.CHW and pixels.ndim == 3:
            pixels = pixels.transpose(1, 2, 0)
        if pixels.ndim == 3 and pixels.shape[2] == 1:
            pixels = pixels[:, :, 0]
        rows[row] = to_sample(Image.fromarray(np.ascontiguousarray(pixels)), plan)
    rows.flush()


def read_image(file: Path, plan: ImagePlan) -> Pixels:
    """Return one image file as a sample of `plan.shape`.

    Raises:
        Exception: whatever Pillow raises for a damaged, unknown or far too large image.
    """
    return to_sample(_decoded(file, plan), plan)


def read_steps(file: Path, plan: ImagePlan) -> tuple[Pixels, Pixels]:
    """Return an image file as decoded, uint8 [H, W, 3] or [H, W], and as a sample of `plan.shape`.

    Raises:
        Exception: whatever Pillow raises for a damaged, unknown or far too large image.
    """
    image = _decoded(file, plan)
    return np.asarray(image, np.uint8).copy(), np.ascontiguousarray(to_sample(image, plan))


def _decoded(file: Path, plan: ImagePlan) -> Image.Image:
    """Return an image file upright, in RGB or 8-bit gray as the model takes it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # damaged EXIF and the like
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        with Image.open(file) as opened:
            return _eight_bit(ImageOps.exif_transpose(opened), gray=plan.channels != 3)


def _eight_bit(image: Image.Image, *, gray: bool) -> Image.Image:
    """Return the image as RGB, or as 8-bit gray. Transparency is dropped, as Keras and TensorFlow do."""
    if image.mode.startswith("I;16"):
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    elif image.mode in ("I", "F"):
        raise ValueError(f"pixels of 32 bits (mode {image.mode}) have no agreed range")
    elif image.mode in ("P", "PA") and "transparency" in image.info:
        image = image.convert("RGBA")
    wanted = "L" if gray else "RGB"
    return image if image.mode == wanted else image.convert(wanted)


def to_sample(image: Image.Image, plan: ImagePlan) -> Pixels:
    """Crop and resize an 8-bit image and lay its channels out as planned; uint8 `plan.shape`."""
    box = (0, 0, image.width, image.height)
    if plan.crop > 0:
        side = max(1, round(plan.crop * min(image.size)))
        left, top = (image.width - side) // 2, (image.height - side) // 2
        box = (left, top, left + side, top + side)
    if box != (0, 0, image.width, image.height):
        image = image.crop(box)
    if image.size != (plan.width, plan.height):
        image = image.resize((plan.width, plan.height), _FILTERS[plan.resize])
    pixels: Pixels = np.asarray(image, np.uint8)
    if plan.channels == 0:
        return pixels
    if pixels.ndim == 2:
        pixels = pixels[:, :, None]
    if plan.swap:
        pixels = pixels[:, :, ::-1]
    return pixels.transpose(2, 0, 1) if plan.layout is Layout.CHW else pixels


def _reason(error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "not an image, or of an unknown format"
    if isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning):
        return f"more than {Image.MAX_IMAGE_PIXELS} pixels"
    if isinstance(error, FileNotFoundError | IsADirectoryError | PermissionError):
        return error.strerror or str(error)
    return f"{error}".strip().splitlines()[0] if f"{error}".strip() else type(error).__name__
