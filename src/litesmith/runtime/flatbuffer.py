"""Opens a .tflite by its flatbuffer, without running it and without copying weights."""

from __future__ import annotations

import mmap
import stat
from collections import deque
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from litesmith.core.errors import SourceError
from litesmith.core.graph import BYTE_INPUTS, Graph, GraphTensor, MetadataEntry
from litesmith.runtime.flatbuffer_graph import MOST_SUBGRAPHS, Quantization, Reading, names_of, read_signature
from litesmith.runtime.flatbuffer_table import Buffer, Damaged, Table, array
from litesmith.runtime.storage import DTYPES, storage_bits

__all__ = ["ModelFile", "byte_inputs", "cut_off", "names_of", "read_graph", "storage_bits"]

_IDENTIFIER = b"TFL3"
_SHORT_TEXT_BYTES = 200
_MAPPED_FROM_BYTES = 64_000_000
"""Smaller files are read into memory: a mapped one that another program cuts off kills the process that looks at it."""


class ModelFile:
    """An open .tflite: its graph as records, and its constants as views of the file. A context manager.

    Args:
        path: The file. Below 64 MB it is read into memory; a larger one is mapped, so that its weights cost memory
            only while they are looked at.

    Raises:
        SourceError: no .tflite, damaged, or unreadable.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._data: memoryview | None = None
        self._data, self._map = _contents(path)
        self.size_bytes = len(self._data)
        self._metadata_buffers: list[int] = []
        try:
            self.graph = self._read()
        except Damaged as error:
            raise SourceError(f"{path.name} is damaged: {error}", hint="Copy or convert the file again.") from error
        self._require_whole()

    def __enter__(self) -> ModelFile:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of the file; views of it that are still held keep it until they are dropped."""
        self._data = self._map = None

    def _require_whole(self) -> memoryview:
        """Return the file's bytes after checking that a mapped file still has them all.

        Raises:
            SourceError: it became shorter. Looking at what is gone would end the process with SIGBUS.
            ValueError: the file was closed.
        """
        if self._data is None:
            raise ValueError(f"{self.path.name} was closed")
        if self._map is not None and self._map.size() < self.size_bytes:
            raise SourceError(
                f"{self.path.name} became shorter while it was read: {self._map.size()} of {self.size_bytes} bytes",
                hint="Wait until it is written, then try again.",
            )
        return self._data

    def scales(self, subgraph: int, tensor: int) -> npt.NDArray[np.float32]:
        """Return a tensor's scales, float32 [channels]; empty when it is not quantized.

        Those of a blockwise quantized tensor are flattened, float32 [blocks], and empty where they cannot be read.

        Raises:
            SourceError: the file became shorter meanwhile.
        """
        found = self._quantizations.get((subgraph, tensor))
        if found is None:
            return np.empty(0, np.float32)
        if found.scale_tensor >= 0:
            values = self.values(self.graph.subgraphs[subgraph].tensors[found.scale_tensor])
            return np.empty(0, np.float32) if values is None else _flat(values)
        return array(self._require_whole(), found.scales, np.float32)

    def zero_points(self, subgraph: int, tensor: int) -> npt.NDArray[np.int64]:
        """Return a tensor's zero points, int64 [channels]; empty when it has none, or blockwise ones.

        Raises:
            SourceError: the file became shorter meanwhile.
        """
        found = self._quantizations.get((subgraph, tensor))
        return np.empty(0, np.int64) if found is None else array(self._require_whole(), found.zero_points, np.int64)

    def raw(self, tensor: GraphTensor) -> memoryview:
        """Return a constant's stored bytes, as a view of the file; empty for activations and for constants elsewhere.

        Raises:
            SourceError: the file became shorter meanwhile.
        """
        start, length = self._spans[tensor.buffer] if tensor.size_bytes else (0, 0)
        return self._require_whole()[start : start + length]

    def values(self, tensor: GraphTensor) -> npt.NDArray[Any] | None:
        """Return a constant as an array of its shape, as a view of the file.

        None where it has no plain layout: activations, constants in another file, sparse tensors, text, 4-bit numbers,
        and bytes that do not fill the shape.

        Raises:
            SourceError: the file became shorter meanwhile.
        """
        dtype = DTYPES.get(tensor.dtype)
        if dtype is None or not tensor.size_bytes or tensor.sparse or any(size < 0 for size in tensor.shape):
            return None
        stored = self.raw(tensor)
        count = 1
        for size in tensor.shape:
            count *= size
        if len(stored) != count * np.dtype(dtype).itemsize:
            return None
        return np.frombuffer(stored, dtype=dtype).reshape(tensor.shape)

    def place(self, entry: int) -> tuple[int, int]:
        """Return (offset in the file, length) of a metadata entry's bytes."""
        return self._spans[self._metadata_buffers[entry]]

    def block(self, entry: int) -> memoryview:
        """Return a metadata entry's bytes, as a view of the file.

        Raises:
            SourceError: the file became shorter meanwhile.
        """
        start, length = self.place(entry)
        return self._require_whole()[start : start + length]

    def _read(self) -> Graph:
        buffer = Buffer(self._require_whole())
        model = buffer.root()
        reading = Reading(buffer, model)
        self._spans = reading.spans
        self._quantizations: dict[tuple[int, int], Quantization] = reading.quantizations
        subgraphs = reading.subgraphs(model)
        return Graph(
            description=model.text(3),
            size_bytes=self.size_bytes,
            subgraphs=subgraphs,
            signatures=tuple(read_signature(table, subgraphs) for table in model.tables(7, what="signatures")),
            metadata=tuple(self._entry(table) for table in model.tables(6, what="metadata entries")),
        )

    def _entry(self, table: Table) -> MetadataEntry:
        buffer = table.number(1, "uint32")
        if buffer >= len(self._spans):
            raise Damaged(f"metadata in buffer {buffer} of {len(self._spans)}")
        self._metadata_buffers.append(buffer)
        start, length = self._spans[buffer]
        text = ""
        if length <= _SHORT_TEXT_BYTES:
            text = bytes(self._require_whole()[start : start + length]).rstrip(b"\0").decode("utf-8", "replace")
        return MetadataEntry(name=table.text(0), size_bytes=length, text=text if text.isprintable() else "")


def _contents(path: Path) -> tuple[memoryview, mmap.mmap | None]:
    """Return a .tflite's bytes, and the map they are in if there is one.

    Raises:
        SourceError: it cannot be read, or does not begin as a .tflite does.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # opening a pipe would wait for its other end
            raise SourceError(f"{path} is not a file", hint="Name a .tflite file.")
        with path.open("rb") as file:
            head = file.read(8)
            if head[4:8] != _IDENTIFIER:
                raise SourceError(
                    f"{path.name} is not a .tflite: bytes 4 to 8 are {head[4:8]!r} instead of {_IDENTIFIER!r}",
                    hint="Give a .tflite, or a Keras model to `litesmith convert`.",
                )
            if path.stat().st_size < _MAPPED_FROM_BYTES:
                return memoryview(head + file.read(_MAPPED_FROM_BYTES)), None
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            return memoryview(mapped), mapped
    except OSError as error:
        raise SourceError(
            f"cannot read {path}: {error.strerror or error}", hint="Check its permissions with ls -l."
        ) from error


def _flat(values: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    with np.errstate(all="ignore"):
        return np.real(values).astype(np.float32).reshape(-1)


def cut_off(path: Path) -> str:
    """Return what shows that a .tflite is cut off or its outline is damaged; empty when nothing does.

    Looks at where the buffers, subgraphs and operator codes lie, and not into the subgraphs.
    """
    try:
        buffer = Buffer(_contents(path)[0])
        model = buffer.root()
        Reading(buffer, model)
        deque(model.tables(2, MOST_SUBGRAPHS, "subgraphs"), maxlen=0)
    except Damaged as error:
        return str(error)
    return ""


def read_graph(path: Path) -> Graph:
    """Return what is in a .tflite.

    Raises:
        SourceError: no .tflite, or damaged.
    """
    with ModelFile(path) as file:
        return file.graph


def byte_inputs(path: Path) -> dict[int, tuple[float, int]]:
    """Return scale and zero of the inputs that take raw bytes as they are; most files say nothing of it.

    Raises:
        SourceError: the file says so, and is damaged.
    """
    with path.open("rb") as file:
        if not path.stat().st_size:
            return {}
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            if mapped.find(BYTE_INPUTS.encode("ascii")) < 0:
                return {}
    return read_graph(path).byte_inputs
