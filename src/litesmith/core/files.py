"""Writing files so that nothing half-written is ever left, and naming contents by sha256."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from litesmith.core.errors import OutputError, UserError

_CHUNK_BYTES = 1 << 20


def sha256_file(path: Path) -> str:
    """Return the hex sha256 of a file's content."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def sha256_tree(path: Path) -> str:
    """Return the sha256 of a file, or of a folder's relative names and contents in sorted order."""
    if path.is_file():
        return sha256_file(path)
    digest = hashlib.sha256()
    for item in sorted(p for p in path.rglob("*") if p.is_file()):
        digest.update(f"{item.relative_to(path).as_posix()}\0{sha256_file(item)}\n".encode())
    return digest.hexdigest()


def size_of(path: Path) -> int:
    """Return the bytes of a file, or of all files below a folder."""
    if path.is_file():
        return path.stat().st_size
    return sum(p.stat().st_size for p in path.rglob("*") if p.is_file())


def output_error(error: OSError, path: Path) -> UserError:
    """Map a file-system error to one clear message."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        free = shutil.disk_usage(path.parent if path.parent.exists() else Path.cwd()).free
        return OutputError(
            f"no space left on the disk that holds {path} ({free} bytes free)",
            hint="Free some space, or choose another folder with --out.",
        )
    reason = os.strerror(error.errno) if error.errno else str(error)
    return OutputError(f"cannot write {path}: {reason}", hint="Choose a folder you may write to with --out DIR.")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on success it replaces `path`, else it is removed.

    Raises:
        OutputError: the folder cannot be written or the disk is full.
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        os.close(handle)
        temporary = Path(name)
        yield temporary
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except OSError as error:
        raise output_error(error, path) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def write_bytes(path: Path, data: bytes | bytearray | memoryview) -> None:
    """Write a whole file atomically.

    Raises:
        OutputError: the folder cannot be written or the disk is full.
    """
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Write a whole UTF-8 text file atomically.

    Raises:
        OutputError: the folder cannot be written or the disk is full.
    """
    write_bytes(path, text.encode("utf-8"))


def place(source: Path, path: Path) -> None:
    """Put a copy of `source` at `path` atomically.

    Raises:
        OutputError: the folder cannot be written or the disk is full.
    """
    with replacing(path) as temporary:
        shutil.copyfile(source, temporary)


def require_writable(folder: Path) -> None:
    """Make `folder` and check that a file can be made in it, before any work is done.

    Raises:
        OutputError: it cannot.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"litesmith")
    except OSError as error:
        raise output_error(error, folder) from error
