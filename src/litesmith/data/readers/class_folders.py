"""A folder with one folder of images for each class.

The label is the position of the class folder in sorted order, empty folders included and hidden ones not, as
`keras.utils.image_dataset_from_directory` counts. Images may lie deeper inside a class folder.
"""

from __future__ import annotations

from pathlib import Path

from litesmith.data.reader import Listing, Reader, Request
from litesmith.data.readers._images import folder_of_images, folders_in, holds_image, images_below


def _recognises(source: str) -> bool:
    folder = Path(source)
    if not folder.is_dir() or (folder / "labels.csv").is_file() or folder_of_images(folder) is not None:
        return False
    return any(holds_image(below) for below in folders_in(folder))


def _read(request: Request) -> Listing:
    """List every image with the index of its class folder."""
    root = Path(request.source)
    files: list[Path] = []
    labels: list[int] = []
    for label, folder in enumerate(folders_in(root)):
        images = list(images_below(folder))
        files += images
        labels += [label] * len(images)
    names = tuple(file.relative_to(root).as_posix() for file in files)
    return Listing(names=names, labels=tuple(labels), files=tuple(files))


def _files(source: str) -> tuple[Path, ...]:
    folders = folders_in(Path(source))
    return (*folders, *(image for folder in folders for image in images_below(folder)))


PLUGIN = Reader(
    name="class_folders",
    accepts="a folder with one folder of images per class",
    recognises=_recognises,
    read=_read,
    files=_files,
)
