"""A folder of images without labels, or a folder whose only subfolder is `images`."""

from __future__ import annotations

from pathlib import Path

from litesmith.core.errors import DatasetError
from litesmith.data.reader import Listing, Reader, Request
from litesmith.data.readers._images import folder_of_images, folders_in, holds_image, images_in


def _recognises(source: str) -> bool:
    folder = Path(source)
    return folder.is_dir() and not (folder / "labels.csv").is_file() and folder_of_images(folder) is not None


def _images(source: str) -> tuple[Path, ...]:
    folder = folder_of_images(Path(source))
    return tuple(images_in(folder)) if folder is not None else ()


def _read(request: Request) -> Listing:
    """List the images.

    Raises:
        DatasetError: there are folders of images beside the images, so it is not clear which are meant.
    """
    files = _images(request.source)
    folder = files[0].parent
    more = [below.name for below in folders_in(folder) if holds_image(below)]
    if more:
        raise DatasetError(
            f"{folder} holds {len(files)} images and {len(more)} folders of images ({', '.join(more[:3])})",
            hint="Keep images either directly in the folder (unlabelled) or in one folder per class (labelled).",
        )
    return Listing(names=tuple(file.name for file in files), labels=None, files=files)


PLUGIN = Reader(
    name="image_folder",
    accepts="a folder of images without labels",
    recognises=_recognises,
    read=_read,
    files=_images,
)
