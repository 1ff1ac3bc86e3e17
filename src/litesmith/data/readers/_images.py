"""Finding image files: by suffix, or by their first bytes where the name does not tell."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff"})
_MAGIC = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"II*\0", b"MM\0*")


def is_image(path: Path) -> bool:
    """Tell whether a file is an image. One with an image's suffix counts even if it is damaged, so it is reported."""
    if path.name.startswith(".") or not path.is_file():
        return False
    if path.suffix.lower() in SUFFIXES:
        return True
    with path.open("rb") as file:
        start = file.read(12)
    return start.startswith(_MAGIC) or (start[:4] == b"RIFF" and start[8:12] == b"WEBP")


def images_in(folder: Path) -> Iterator[Path]:
    """Yield the images directly in a folder, by name."""
    return (path for path in sorted(folder.iterdir()) if is_image(path))


def images_below(folder: Path) -> Iterator[Path]:
    """Yield the images in a folder and in all folders below it, those of each folder together."""
    yield from images_in(folder)
    for below in folders_in(folder):
        yield from images_below(below)


def folders_in(folder: Path) -> list[Path]:
    """Return the folders directly in a folder, by name, without hidden ones."""
    return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))


def holds_image(folder: Path) -> bool:
    """Tell whether there is an image in a folder or below it."""
    return next(images_below(folder), None) is not None


def folder_of_images(folder: Path) -> Path | None:
    """Return the folder that holds images directly: `folder`, or its only subfolder if that is called images."""
    if next(images_in(folder), None) is not None:
        return folder
    below = folders_in(folder)
    if len(below) == 1 and below[0].name.lower() == "images" and next(images_in(below[0]), None) is not None:
        return below[0]
    return None
