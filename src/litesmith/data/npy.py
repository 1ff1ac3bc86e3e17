""".npy files written in pieces, so that a dataset never has to fit in memory."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.generic]
CHUNK_BYTES = 16 << 20
"""How much is held at once where samples are copied or looked at."""


def rows_per_chunk(shape: tuple[int, ...], itemsize: int) -> int:
    """Return how many samples of `shape` fit in one chunk; at least one.

    >>> rows_per_chunk((224, 224, 3), 1)
    111
    """
    size = itemsize
    for side in shape:
        size *= side
    return max(1, CHUNK_BYTES // max(1, size))


def _write_header(file: BinaryIO, shape: tuple[int, ...], dtype: npt.DTypeLike) -> None:
    # NumPy pads the header so that the first dimension can grow in place to 21 digits.
    description = np.lib.format.dtype_to_descr(np.dtype(dtype))
    header = {"descr": description, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)


def create(path: Path, shape: tuple[int, ...], dtype: npt.DTypeLike) -> None:
    """Write a .npy file of zeros with its disk space reserved.

    The space is reserved because a full disk under a memory map ends the process that writes to it.

    Raises:
        OSError: the disk is full.
    """
    with path.open("wb") as file:
        _write_header(file, shape, dtype)
        size = file.tell() + int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
        file.flush()
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, size)
        else:
            file.truncate(size)


def keep_rows(path: Path, rows: list[int]) -> None:
    """Leave only `rows` (ascending) in a .npy file, in place."""
    data = np.load(path, mmap_mode="r+")
    step = rows_per_chunk(data.shape[1:], data.itemsize)
    for start in range(0, len(rows), step):
        part = rows[start : start + step]
        data[start : start + len(part)] = data[part]
    data.flush()
    shape, dtype = (len(rows), *data.shape[1:]), data.dtype
    del data
    with path.open("r+b") as file:
        _write_header(file, shape, dtype)
        file.truncate(file.tell() + int(np.prod(shape, dtype=np.int64)) * dtype.itemsize)


class RowWriter:
    """A .npy file that grows by rows; its shape is known when it is closed.

    Args:
        path: File to write.
        shape: Shape of one row.
        dtype: Type of the values.
    """

    def __init__(self, path: Path, shape: tuple[int, ...], dtype: npt.DTypeLike) -> None:
        self.path, self.shape, self.dtype, self.rows = path, shape, np.dtype(dtype), 0
        self._file = path.open("wb")
        _write_header(self._file, (0, *shape), self.dtype)

    def __enter__(self) -> RowWriter:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self.close()

    def append(self, rows: Array) -> None:
        """Write rows [B, ...] of the writer's shape and type."""
        assert rows.shape[1:] == self.shape
        self._file.write(np.ascontiguousarray(rows, self.dtype).tobytes())
        self.rows += len(rows)

    def close(self) -> None:
        """Write the number of rows into the header."""
        if not self._file.closed:
            self._file.seek(0)
            _write_header(self._file, (self.rows, *self.shape), self.dtype)
            self._file.close()
