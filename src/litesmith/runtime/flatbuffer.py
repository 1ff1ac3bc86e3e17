"""Reads a .tflite from its flatbuffer, without running it and without copying weights.

Field numbers are those of the TFLite schema (`tensorflow/compiler/mlir/lite/schema/schema.fbs`, version 3c).
"""

from __future__ import annotations

import mmap
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from litesmith.core.errors import SourceError
from litesmith.core.graph import Graph, GraphOp, GraphTensor, MetadataEntry, Signature, Subgraph
from litesmith.runtime.flatbuffer_table import Buffer, Damaged, Table
from litesmith.runtime.op_options import read_calls, read_options

_IDENTIFIER = b"TFL3"
_MOST_DIMENSIONS = 64
_SHORT_TEXT_BYTES = 200
_NARROW = {"int4": 4, "uint4": 4, "int2": 2}
_PLACEHOLDER = 127
"""Builtin codes above this stand in the second field; the first then holds this value."""
_DTYPES: dict[str, Any] = {
    "float32": np.float32,
    "float16": np.float16,
    "float64": np.float64,
    "int8": np.int8,
    "uint8": np.uint8,
    "int16": np.int16,
    "uint16": np.uint16,
    "int32": np.int32,
    "uint32": np.uint32,
    "int64": np.int64,
    "uint64": np.uint64,
    "bool": np.bool_,
    "complex64": np.complex64,
    "complex128": np.complex128,
}


@cache
def names_of(enum: str) -> dict[int, str]:
    """Return the names of a schema enumeration, such as `BuiltinOperator`, by number."""
    from ai_edge_litert import schema_py_generated as schema

    return {value: key for key, value in vars(getattr(schema, enum)).items() if isinstance(value, int)}


class ModelFile:
    """An open .tflite: its graph as records, and its constants as views of the file. A context manager.

    Args:
        path: The file. It is mapped, not read: weights cost memory only while they are looked at.

    Raises:
        SourceError: no .tflite, or damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("rb")
        try:
            self.size_bytes = path.stat().st_size
            head = self._file.read(8)
            if head[4:8] != _IDENTIFIER:
                raise SourceError(
                    f"{path.name} is not a .tflite: bytes 4 to 8 are {head[4:8]!r} instead of {_IDENTIFIER!r}",
                    hint="Give a .tflite, or a Keras model to `litesmith convert`.",
                )
            self._map = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)
            self._buffer = Buffer(memoryview(self._map))
            self._spans: list[tuple[int, int]] = []
            self._quantization: dict[tuple[int, int], Table] = {}
            try:
                self.graph = self._read()
            except Damaged as error:
                raise SourceError(f"{path.name} is damaged: {error}", hint="Copy or convert the file again.") from error
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> ModelFile:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file; views of it that are still held keep it mapped until they are dropped."""
        self._file.close()

    def scales(self, subgraph: int, tensor: int) -> npt.NDArray[np.float32]:
        """Return a tensor's scales, float32 [channels]; empty when it is not quantized."""
        table = self._quantization.get((subgraph, tensor))
        return np.empty(0, np.float32) if table is None else table.values(2, np.float32)

    def zero_points(self, subgraph: int, tensor: int) -> npt.NDArray[np.int64]:
        """Return a tensor's zero points, int64 [channels]; empty when it is not quantized."""
        table = self._quantization.get((subgraph, tensor))
        return np.empty(0, np.int64) if table is None else table.values(3, np.int64)

    def raw(self, tensor: GraphTensor) -> memoryview:
        """Return a constant's stored bytes, as a view of the file; empty for activations."""
        start, length = self._spans[tensor.buffer] if tensor.constant else (0, 0)
        return self._buffer.data[start : start + length]

    def values(self, tensor: GraphTensor) -> npt.NDArray[Any] | None:
        """Return a constant as an array of its shape, as a view of the file.

        None where it has no plain layout: activations, sparse tensors, text, 4-bit numbers, and bytes that do not
        fill the shape.
        """
        dtype = _DTYPES.get(tensor.dtype)
        if dtype is None or not tensor.constant or tensor.sparse or any(size < 0 for size in tensor.shape):
            return None
        stored = self.raw(tensor)
        count = 1
        for size in tensor.shape:
            count *= size
        if len(stored) != count * np.dtype(dtype).itemsize:
            return None
        return np.frombuffer(stored, dtype=dtype).reshape(tensor.shape)

    def block(self, entry: int) -> memoryview:
        """Return a metadata entry's bytes, as a view of the file."""
        start, length = self._spans[self._metadata_buffers[entry]]
        return self._buffer.data[start : start + length]

    def _read(self) -> Graph:
        model = self._buffer.root()
        self._spans = [self._span(table) for table in model.tables(4)]
        codes = [_code(table) for table in model.tables(1)]
        tables = model.tables(2)
        if not tables:
            raise Damaged("it holds no subgraph")
        subgraphs = tuple(self._subgraph(table, index, codes) for index, table in enumerate(tables))
        for subgraph in subgraphs:
            for op in subgraph.ops:
                if any(not 0 <= called < len(subgraphs) for called in op.calls):
                    raise Damaged(f"{op.name} {op.index} runs subgraph {max(op.calls)} of {len(subgraphs)}")
        return Graph(
            description=model.text(3),
            size_bytes=self.size_bytes,
            subgraphs=subgraphs,
            signatures=tuple(_signature(table, subgraphs) for table in model.tables(7)),
            metadata=self._metadata(model),
        )

    def _span(self, table: Table) -> tuple[int, int]:
        """Return where a buffer's bytes lie: in the table, or behind the flatbuffer in files above 2 GB."""
        offset, length = table.number(1, "uint64"), table.number(2, "uint64")
        if offset <= 1:
            return table.span(0)
        if offset + length > self.size_bytes:
            raise Damaged(f"a buffer of {length} bytes at {offset} reaches beyond the file of {self.size_bytes} bytes")
        return offset, length

    def _metadata(self, model: Table) -> tuple[MetadataEntry, ...]:
        entries = []
        self._metadata_buffers: list[int] = []
        for table in model.tables(6):
            buffer = table.number(1, "uint32")
            if buffer >= len(self._spans):
                raise Damaged(f"metadata in buffer {buffer} of {len(self._spans)}")
            start, length = self._spans[buffer]
            self._metadata_buffers.append(buffer)
            text = ""
            if length <= _SHORT_TEXT_BYTES:
                text = bytes(self._buffer.data[start : start + length]).rstrip(b"\0").decode("utf-8", "replace")
            entries.append(
                MetadataEntry(name=table.text(0), size_bytes=length, text=text if text.isprintable() else "")
            )
        return tuple(entries)

    def _subgraph(self, table: Table, index: int, codes: list[tuple[str, int]]) -> Subgraph:
        tensors = tuple(self._tensor(entry, index, place) for place, entry in enumerate(table.tables(0)))
        inputs, outputs = table.integers(1), table.integers(2)
        _check((*inputs, *outputs), len(tensors))
        ops = tuple(_op(entry, place, codes, tensors) for place, entry in enumerate(table.tables(3)))
        return Subgraph(index=index, name=table.text(4), tensors=tensors, ops=ops, inputs=inputs, outputs=outputs)

    def _tensor(self, table: Table, subgraph: int, index: int) -> GraphTensor:
        quantization = table.table(4)
        scales = points = 0
        if quantization is not None:
            self._quantization[subgraph, index] = quantization
            scales, points = len(quantization.values(2, np.float32)), len(quantization.values(3, np.int64))
        buffer = table.number(2, "uint32")
        if buffer >= len(self._spans) and buffer != 0:
            raise Damaged(f"tensor {index} has buffer {buffer} of {len(self._spans)}")
        stored = self._spans[buffer][1] if self._spans else 0
        shape = table.integers(7) or table.integers(0)
        if len(shape) > _MOST_DIMENSIONS:
            raise Damaged(f"tensor {index} has {len(shape)} dimensions (limit {_MOST_DIMENSIONS})")
        kind = table.number(1, "int8")
        dtype = names_of("TensorType").get(kind, f"type_{kind}").lower()
        return GraphTensor(
            index=index,
            name=table.text(3),
            dtype=dtype,
            shape=shape,
            size_bytes=stored,
            constant=stored > 0,
            scales=scales,
            scale=float(self.scales(subgraph, index)[0]) if scales else 0.0,
            zero_point=int(self.zero_points(subgraph, index)[0]) if points else 0,
            axis=quantization.number(6, "int32") if quantization is not None else 0,
            buffer=buffer,
            variable=bool(table.number(5, "bool")),
            sparse=table.table(6) is not None,
        )


def read_graph(path: Path) -> Graph:
    """Return what is in a .tflite.

    Raises:
        SourceError: no .tflite, or damaged.
    """
    with ModelFile(path) as file:
        return file.graph


def storage_bits(dtype: str) -> int:
    """Return the bits of one element; 0 for text and resources, which have no fixed size.

    >>> storage_bits("int4"), storage_bits("float32"), storage_bits("string")
    (4, 32, 0)
    """
    if dtype in _NARROW:
        return _NARROW[dtype]
    if dtype == "bfloat16":
        return 16
    if dtype.startswith("float8"):
        return 8
    return 8 * np.dtype(_DTYPES[dtype]).itemsize if dtype in _DTYPES else 0


def _code(table: Table) -> tuple[str, int]:
    """Return an operator's name and version. Unknown codes are named by their number."""
    first, second = table.number(0, "int8"), table.number(3, "int32")
    builtin = second if first >= _PLACEHOLDER else max(first, second)
    name = names_of("BuiltinOperator").get(builtin, f"OP_{builtin}")
    if name == "CUSTOM":
        name = f"CUSTOM:{table.text(1)}"
    return name, table.number(2, "int32", 1)


def _op(table: Table, index: int, codes: list[tuple[str, int]], tensors: tuple[GraphTensor, ...]) -> GraphOp:
    place = table.number(0, "uint32")
    if place >= len(codes):
        raise Damaged(f"operator {index} has code {place} of {len(codes)}")
    name, version = codes[place]
    inputs, outputs = table.integers(1), table.integers(2)
    _check((*(i for i in inputs if i != -1), *(i for i in outputs if i != -1)), len(tensors))
    options = table.table(4)
    return GraphOp(
        index=index,
        name=name,
        version=version,
        inputs=inputs,
        outputs=outputs,
        weight_bytes=sum(tensors[i].size_bytes for i in inputs if i >= 0),
        options=read_options(name, options),
        calls=read_calls(name, options),
    )


def _check(indices: tuple[int, ...], tensors: int) -> None:
    """Refuse indices that are no tensor's; Python would take negative ones from the end."""
    wrong = next((index for index in indices if not 0 <= index < tensors), None)
    if wrong is not None:
        raise Damaged(f"tensor {wrong} of {tensors}")


def _signature(table: Table, subgraphs: tuple[Subgraph, ...]) -> Signature:
    subgraph = table.number(4, "uint32")
    if subgraph >= len(subgraphs):
        raise Damaged(f"a signature runs subgraph {subgraph} of {len(subgraphs)}")
    sides = [{entry.text(0): entry.number(1, "uint32") for entry in table.tables(side)} for side in (0, 1)]
    for side in sides:
        _check(tuple(side.values()), len(subgraphs[subgraph].tensors))
    return Signature(key=table.text(2), subgraph=subgraph, inputs=sides[0], outputs=sides[1])
