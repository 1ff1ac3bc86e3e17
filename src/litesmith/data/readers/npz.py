"""An .npz file with `x`, or one array per model input under the input's name, and optionally labels `y`."""

from __future__ import annotations

import shutil
import zipfile
import zlib
from pathlib import Path
from typing import IO

import numpy as np

from litesmith.core.errors import DatasetError
from litesmith.core.files import output_error
from litesmith.core.results import Finding
from litesmith.data.inputs import match_names
from litesmith.data.labels import class_indices
from litesmith.data.reader import Listing, Reader, Request

_SAVE = "Write it with numpy.savez('data.npz', x=x, y=y)."
_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")


def _recognises(source: str) -> bool:
    path = Path(source)
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(4) in _MAGIC


def _read(request: Request) -> Listing:
    """Unpack the arrays needed into `request.scratch`, so that they can be mapped instead of loaded.

    Raises:
        DatasetError: the file is damaged, holds pickled objects, lacks an input, or x and y differ in length.
        OutputError: the disk is full.
    """
    path = Path(request.source)
    try:
        with zipfile.ZipFile(path) as archive:
            keys = {name.removesuffix(".npy"): name for name in archive.namelist() if name.endswith(".npy")}
            if not keys:
                first = next(iter(archive.namelist()), "nothing")
                raise DatasetError(f"{path} holds no arrays (it is a zip file with {first})", hint=_SAVE)
            wanted = match_names(keys, request.inputs, str(path))
            arrays = {
                spec.name: _unpack(archive, keys[key], request.scratch / f"array-{position}.npy", path)
                for position, (spec, key) in enumerate(zip(request.inputs, wanted, strict=True))
            }
            y = _unpack(archive, keys["y"], request.scratch / "y.npy", path) if "y" in keys else None
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise DatasetError(f"{path} is damaged or cut off: {error}", hint=f"Copy it again, or: {_SAVE}") from error
    except (NotImplementedError, RuntimeError) as error:
        raise DatasetError(f"{path} cannot be unpacked: {error}", hint=_SAVE) from error
    lengths = {key: _length(file, key, path) for key, file in zip(wanted, arrays.values(), strict=True)}
    count = next(iter(lengths.values()))
    if set(lengths.values()) != {count}:
        sizes = ", ".join(f"{key} {size}" for key, size in lengths.items())
        raise DatasetError(f"arrays of {path} differ in length: {sizes}", hint="Give all arrays one row per sample.")
    labels: tuple[int, ...] | None = None
    findings: tuple[Finding, ...] = ()
    if y is not None:
        labels, findings = class_indices(np.load(y), count, str(path))
    return Listing(names=tuple(f"row {row}" for row in range(count)), labels=labels, arrays=arrays, findings=findings)


def _unpack(archive: zipfile.ZipFile, member: str, target: Path, path: Path) -> Path:
    key = member.removesuffix(".npy")
    with archive.open(member) as source:
        try:
            dtype = _dtype(source)
        except ValueError as error:
            raise DatasetError(f"array '{key}' of {path} is damaged: {error}", hint=_SAVE) from error
    if dtype.hasobject:
        raise DatasetError(
            f"array '{key}' of {path} holds pickled Python objects, which are not loaded",
            hint="Store plain numbers of one shape: numpy.savez('data.npz', x=numpy.stack(list_of_samples), y=y).",
        )
    try:
        with archive.open(member) as source, target.open("wb") as file:
            shutil.copyfileobj(source, file, 1 << 20)
    except OSError as error:
        raise output_error(error, target) from error
    return target


def _dtype(source: IO[bytes]) -> np.dtype[np.generic]:
    version = np.lib.format.read_magic(source)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    return np.dtype(read(source)[2])


def _length(file: Path, key: str, path: Path) -> int:
    try:
        array = np.load(file, mmap_mode="r", allow_pickle=False)
    except ValueError as error:
        raise DatasetError(f"array '{key}' of {path} cannot be read: {error}", hint=_SAVE) from error
    if array.ndim == 0:
        raise DatasetError(f"array '{key}' of {path} is a single value, not a row per sample", hint=_SAVE)
    return len(array)


def _files(source: str) -> tuple[Path, ...]:
    return (Path(source),)


PLUGIN = Reader(
    name="npz",
    accepts="an .npz file with x (or one array per model input) and optionally y",
    recognises=_recognises,
    read=_read,
    files=_files,
)
