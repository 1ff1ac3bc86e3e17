"""A file or a folder as one file to send: folders become archives that are the same bytes for the same content."""

from __future__ import annotations

import errno
import stat
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from litesmith.core.errors import SourceError
from litesmith.core.files import output_error

FILE, FOLDER = "file", "folder"


@contextmanager
def one_file(item: Path) -> Iterator[tuple[Path, str]]:
    """Give a file that holds the item, and whether that is a `file` itself or the archive (tar) of a `folder`.

    Raises:
        SourceError: it is missing, cannot be read, or holds something that is neither file nor folder.
    """
    with tempfile.TemporaryDirectory(prefix="litesmith-") as folder:
        archive = Path(folder) / "archive"
        try:
            mode = item.stat().st_mode
            if stat.S_ISDIR(mode) and item.name:
                _pack(item, archive)
            elif stat.S_ISREG(mode):
                item.open("rb").close()
            else:
                raise SourceError(f"{item} is neither a file nor a folder with a name", hint="Give one of those.")
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise output_error(error, archive) from error
            raise SourceError(f"{error.filename or item} cannot be read: {error.strerror}", hint="Check it.") from error
        yield (archive, FOLDER) if stat.S_ISDIR(mode) else (item, FILE)


def _pack(folder: Path, archive: Path) -> None:
    """Write a folder's files to an archive, the same bytes for the same content. Links become what they lead to."""
    with tarfile.open(archive, "w", format=tarfile.GNU_FORMAT, dereference=True) as tar:
        for item in sorted(folder.rglob("*")):
            if item.is_symlink() and item.is_dir():
                raise SourceError(f"{item} is a link to a folder", hint="Put the folder itself there.")
            if not (item.is_dir() or item.is_file()):
                raise SourceError(f"{item} is neither a file nor a folder", hint="Remove it.")
            info = tar.gettarinfo(item, arcname=str(item.relative_to(folder)))
            info.uid = info.gid = 0
            info.uname = info.gname = ""
            info.mtime = 0
            info.type = tarfile.DIRTYPE if item.is_dir() else tarfile.REGTYPE  # never a hard link
            if item.is_dir():
                tar.addfile(info)
                continue
            info.size = item.stat().st_size
            with item.open("rb") as file:
                tar.addfile(info, file)
