"""A .tflite in memory that can be changed: constants, scales, metadata; and single operators cut out of it."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from litesmith.core.errors import EvaluationError, PluginError
from litesmith.core.files import write_bytes
from litesmith.core.graph import Subgraph
from litesmith.runtime.flatbuffer import ModelFile, names_of
from litesmith.runtime.storage import DTYPES

Array = npt.NDArray[Any]


def inline_buffers(model: Any, data: bytes) -> None:
    """Take in constants that stand behind the flatbuffer, whose offsets would no longer be right."""
    for buffer in model.buffers:
        if buffer.offset > 1 and buffer.size:
            buffer.data = np.frombuffer(data, np.uint8, count=buffer.size, offset=buffer.offset)
            buffer.offset = buffer.size = 0


def packed(model: Any) -> bytes:
    """Return a `ModelT` as the bytes of a .tflite."""
    import flatbuffers

    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def unpacked(data: npt.NDArray[np.uint8], shape: tuple[int, ...]) -> npt.NDArray[np.int8]:
    """Return 4-bit numbers, two to a byte with the first in its lower half, as int8 of a shape."""
    halves = np.stack([data & 15, data >> 4], axis=1).reshape(-1)[: int(np.prod(shape))]
    return ((halves.astype(np.int16) ^ 8) - 8).astype(np.int8).reshape(shape)


def nibbles(values: Array) -> npt.NDArray[np.uint8]:
    """Return numbers of -8 to 7 as `unpacked` reads them.

    >>> unpacked(nibbles(np.array([1, -8, 7], np.int8)), (3,)).tolist()
    [1, -8, 7]
    """
    halves = (np.asarray(values).reshape(-1).astype(np.int16) & 15).astype(np.uint8)
    halves = np.pad(halves, (0, len(halves) % 2)).reshape(-1, 2)
    return np.asarray(halves[:, 0] | (halves[:, 1] << 4), np.uint8)


class EditableModel:
    """A .tflite taken into memory. Changes reach the file with `save`.

    Args:
        path: The file, whose structure is checked first.

    Raises:
        SourceError: no .tflite, or damaged.
    """

    def __init__(self, path: Path) -> None:
        from ai_edge_litert import schema_py_generated as schema

        with ModelFile(path) as file:
            self.graph = file.graph
        self._schema = schema
        data = path.read_bytes()
        self._model = schema.ModelT.InitFromPackedBuf(data, 0)
        inline_buffers(self._model, data)
        self._main = self._model.subgraphs[0]
        codes = [code.builtinCode for code in self._model.operatorCodes]
        self._names = names_of("BuiltinOperator")
        self._op_names = [self._names.get(codes[op.opcodeIndex], "?") for op in self._main.operators]

    def copied(self) -> EditableModel:
        """Return a model whose changes leave this one as it is; constants are shared until one changes them."""
        twin = copy.copy(self)
        twin._model = copy.copy(self._model)
        twin._model.buffers = [copy.copy(buffer) for buffer in self._model.buffers]
        twin._model.subgraphs = [copy.copy(graph) for graph in self._model.subgraphs]
        for graph in twin._model.subgraphs:
            graph.tensors = [copy.copy(tensor) for tensor in graph.tensors]
        twin._main = twin._model.subgraphs[0]
        return twin

    @property
    def main(self) -> Subgraph:
        """The first subgraph, as it was in the file: names, shapes and operators, which no edit here changes."""
        return self.graph.main

    def values(self, tensor: int) -> Array:
        """Return a constant as an array of its shape, which may not be written to; 4-bit numbers as int8.

        Raises:
            EvaluationError: it is no constant with a plain layout.
        """
        found = self._main.tensors[tensor]
        dtype = DTYPES.get(self.main.tensors[tensor].dtype)
        data = self._model.buffers[found.buffer].data
        if self.main.tensors[tensor].dtype == "int4" and data is not None:
            return unpacked(np.asarray(data, np.uint8), tuple(int(d) for d in found.shape))
        if dtype is None or data is None:
            raise EvaluationError(f"tensor '{self.main.tensors[tensor].name}' is no constant that can be read")
        raw = np.asarray(data, np.uint8).tobytes()
        return np.frombuffer(raw, dtype).reshape([int(d) for d in found.shape] if found.shape is not None else [])

    def set_values(self, tensor: int, values: Array) -> None:
        """Put new values of the same shape and dtype into a constant; others that share its bytes keep theirs.

        Raises:
            PluginError: shape or dtype differ.
        """
        old = self.values(tensor)
        if old.shape != values.shape or old.dtype != values.dtype:
            raise PluginError(f"{values.dtype}{values.shape} cannot replace {old.dtype}{old.shape}")
        found = self._main.tensors[tensor]
        data = np.frombuffer(np.ascontiguousarray(values).tobytes(), np.uint8)
        if self.main.tensors[tensor].dtype == "int4":
            data = nibbles(values)
        if sum(t.buffer == found.buffer for graph in self._model.subgraphs for t in graph.tensors) > 1:
            buffer = self._schema.BufferT()
            self._model.buffers.append(buffer)
            found.buffer = len(self._model.buffers) - 1
        self._model.buffers[found.buffer].data = data

    def scales(self, tensor: int) -> npt.NDArray[np.float32]:
        """Return a tensor's scales, float32 [channels]; empty when it is not quantized."""
        parameters = self._main.tensors[tensor].quantization
        found = None if parameters is None else parameters.scale
        return np.empty(0, np.float32) if found is None else np.asarray(found, np.float32)

    def zero_point(self, tensor: int) -> int:
        """Return a tensor's first zero point; 0 when it has none."""
        parameters = self._main.tensors[tensor].quantization
        found = None if parameters is None else parameters.zeroPoint
        return 0 if found is None or len(found) == 0 else int(found[0])

    def set_scales(self, tensor: int, scales: npt.NDArray[np.float32], *, zero_point: int = 0, axis: int = 0) -> None:
        """Give a quantized tensor other scales: one, or one per index along `axis`; zero points alike."""
        parameters = self._main.tensors[tensor].quantization
        parameters.scale = np.asarray(scales, np.float32)
        parameters.zeroPoint = np.full(len(scales), zero_point, np.int64)
        parameters.quantizedDimension = axis
        parameters.min = parameters.max = None

    def set_fused_activation(self, op: int, activation: str) -> None:
        """Change what is applied to an operator's result, such as `NONE` or `RELU6`."""
        number = getattr(self._schema.ActivationFunctionType, activation)
        self._main.operators[op].builtinOptions.fusedActivationFunction = number

    def set_metadata(self, name: str, text: str) -> None:
        """Add a metadata entry, or replace it."""
        model = self._model
        data = np.frombuffer(text.encode("utf-8"), np.uint8)
        for entry in model.metadata or []:
            if entry.name in (name, name.encode()):
                model.buffers[entry.buffer].data = data
                return
        model.buffers.append(self._schema.BufferT(data=data))
        entry = self._schema.MetadataT()
        entry.name, entry.buffer = name, len(model.buffers) - 1
        model.metadata = [*(model.metadata or []), entry]

    def save(self, path: Path) -> None:
        """Write the model; only a whole file appears there."""
        write_bytes(path, packed(self._model))

    def cut(self, op: int, *, activation: str = "") -> tuple[bytes, list[int]]:
        """Return a .tflite of one operator alone, and the tensors that are its inputs.

        Inputs are the operator's activations, each once; outputs are its own. Constants stay in it.

        Args:
            op: Position of the operator.
            activation: Fused activation it is to have instead, such as `NONE`; empty for its own.

        Raises:
            EvaluationError: it runs other subgraphs.
        """
        made, fed = self.extract([op], list(self.main.ops[op].outputs))
        if activation:
            single = made.subgraphs[0].operators[0]
            single.builtinOptions = copy.copy(single.builtinOptions)
            single.builtinOptions.fusedActivationFunction = getattr(self._schema.ActivationFunctionType, activation)
        return packed(made), fed

    def extract(self, ops: Sequence[int], outputs: Sequence[int]) -> tuple[Any, list[int]]:
        """Return a `ModelT` of some operators alone, and the tensors that are its inputs.

        Inputs are the activations that none of the operators makes, each once. Constants stay in it. Tensors stand in
        the order of their first use.

        Args:
            ops: Positions of operators, in execution order.
            outputs: Tensors that it returns.

        Raises:
            EvaluationError: one runs other subgraphs.
        """
        schema = self._schema
        chosen = [self._main.operators[op] for op in ops]
        records = [self.main.ops[op] for op in ops]
        for record in records:
            if record.calls:
                raise EvaluationError(f"{record.name} runs other subgraphs and cannot stand alone")
        used = list(dict.fromkeys(int(i) for op in chosen for i in (*op.inputs, *op.outputs) if i >= 0))
        place = {tensor: position for position, tensor in enumerate(used)}
        buffers = [schema.BufferT()]
        tensors = []
        for tensor in used:
            twin = copy.copy(self._main.tensors[tensor])
            data = self._model.buffers[twin.buffer].data
            twin.buffer = 0
            if data is not None and len(data):
                twin.buffer = len(buffers)
                buffers.append(schema.BufferT(data=data))
            tensors.append(twin)
        codes = list(dict.fromkeys(op.opcodeIndex for op in chosen))
        operators = []
        for op in chosen:
            twin = copy.copy(op)
            twin.opcodeIndex = codes.index(op.opcodeIndex)
            twin.inputs = [place[int(i)] if i >= 0 else -1 for i in op.inputs]
            twin.outputs = [place[int(i)] for i in op.outputs]
            twin.intermediates = None
            operators.append(twin)
        made = {i for record in records for i in record.outputs}
        fed = [i for i in dict.fromkeys(i for record in records for i in record.inputs) if i >= 0 and i not in made]
        fed = [i for i in fed if not self.main.tensors[i].constant and not self.main.tensors[i].variable]
        graph = schema.SubGraphT(
            tensors=tensors,
            operators=operators,
            inputs=[place[i] for i in fed],
            outputs=[place[int(i)] for i in outputs],
            name="main",
        )
        opcodes = [self._model.operatorCodes[code] for code in codes]
        return schema.ModelT(version=3, subgraphs=[graph], buffers=buffers, operatorCodes=opcodes, description=""), fed
