"""From the tables of a .tflite to records: operators, tensors, signatures. Every index is held against its list.

Field numbers are those of the TFLite schema (`tensorflow/compiler/mlir/lite/schema/schema.fbs`, version 3c).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cache

import numpy as np

from litesmith.core.graph import GraphOp, GraphTensor, Signature, Subgraph
from litesmith.runtime.flatbuffer_table import Buffer, Damaged, Table, array
from litesmith.runtime.op_options import read_calls, read_options
from litesmith.runtime.storage import storage_bits

MOST_TENSORS = 400_000
MOST_OPS = 200_000
MOST_SUBGRAPHS = 10_000
_SMALLEST_TENSOR_BYTES = 24
"""A table with a shape and a name, and the offset that points to it."""
_SMALLEST_OP_BYTES = 32
"""A table with an input and an output, and the offset that points to it."""
MOST_DIMENSIONS = 32
"""As many as NumPy 1 takes; kernels take eight at most."""
_BLOCKWISE = "BlockwiseQuantization"

Span = tuple[int, int]
"""Place in the file and count."""


@cache
def names_of(enum: str) -> dict[int, str]:
    """Return the names of a schema enumeration, such as `BuiltinOperator`, by number."""
    from ai_edge_litert import schema_py_generated as schema

    return {value: key for key, value in vars(getattr(schema, enum)).items() if isinstance(value, int)}


class Quantization:
    """Where a tensor's scales and zero points lie, or in which tensors blockwise ones are.

    Attributes:
        scales: Span of float32.
        zero_points: Span of int64.
        axis: Dimension they run along.
        block_size: Values that share a scale, where they are blockwise; else 0.
        scale_tensor: Tensor that holds the scales, where they are blockwise; else -1.
        zero_point_tensor: The same of the zero points.
    """

    __slots__ = ("axis", "block_size", "scale_tensor", "scales", "zero_point_tensor", "zero_points")

    def __init__(self, table: Table, tensors: int) -> None:
        self.scales, self.zero_points = table.vector(2, 4), table.vector(3, 8)
        self.axis = table.number(6, "int32")
        self.block_size, self.scale_tensor, self.zero_point_tensor = 0, -1, -1
        if names_of("QuantizationDetails").get(table.number(4, "uint8")) != _BLOCKWISE:
            return
        details = table.table(5)
        if details is not None:
            self.scale_tensor, self.zero_point_tensor = details.number(0, "int32"), details.number(1, "int32", -1)
            self.block_size = details.number(2, "int32")
            require_tensors((self.scale_tensor,), tensors, "blockwise scales")


class Reading:
    """What is known of a file while its subgraphs are read, and the budgets they share.

    Attributes:
        spans: Where each buffer's bytes lie.
        codes: Name and version of each operator code.
        quantizations: By subgraph and tensor, of those that have scales.
    """

    def __init__(self, buffer: Buffer, model: Table) -> None:
        self.data = buffer.data
        self.spans = [_span(table, buffer.size) for table in model.tables(4, what="buffers")]
        self.codes = [_code(table) for table in model.tables(1, what="operator codes")]
        self.quantizations: dict[tuple[int, int], Quantization] = {}
        self._tensors = min(MOST_TENSORS, buffer.size // _SMALLEST_TENSOR_BYTES)
        self._ops = min(MOST_OPS, buffer.size // _SMALLEST_OP_BYTES)

    def subgraphs(self, model: Table) -> tuple[Subgraph, ...]:
        """Return all subgraphs.

        Raises:
            Damaged: there is none, or one of them is impossible.
        """
        found = tuple(
            self._subgraph(table, index) for index, table in enumerate(model.tables(2, MOST_SUBGRAPHS, "subgraphs"))
        )
        if not found:
            raise Damaged("it holds no subgraph")
        for subgraph in found:
            for op in subgraph.ops:
                wrong = next((called for called in op.calls if not 0 <= called < len(found)), None)
                if wrong is not None:
                    raise Damaged(f"{op.name} {op.index} runs subgraph {wrong} of {len(found)}")
        return found

    def _subgraph(self, table: Table, index: int) -> Subgraph:
        _, count = table.vector(0, 4)
        tensors = tuple(
            self._tensor(entry, (index, place), count)
            for place, entry in enumerate(table.tables(0, self._tensors, "tensors"))
        )
        self._tensors -= count
        if any(tensor.block_size for tensor in tensors):
            tensors = tuple(self._with_blocks(tensor, (index, tensor.index), tensors) for tensor in tensors)
        inputs, outputs = table.integers(1), table.integers(2)
        require_tensors((*inputs, *outputs), count, f"inputs and outputs of subgraph {index}")
        ops = tuple(
            self._op(entry, place, tensors) for place, entry in enumerate(table.tables(3, self._ops, "operators"))
        )
        self._ops -= len(ops)
        return Subgraph(index=index, name=table.text(4), tensors=tensors, ops=ops, inputs=inputs, outputs=outputs)

    def _tensor(self, table: Table, key: tuple[int, int], tensors: int) -> GraphTensor:
        index = key[1]
        quantization = self._quantization(table, key, tensors)
        buffer = table.number(2, "uint32")
        if buffer >= len(self.spans) and buffer != 0:
            raise Damaged(f"tensor {index} has buffer {buffer} of {len(self.spans)}")
        stored = self.spans[buffer][1] if self.spans else 0
        what = f"dimensions of tensor {index}"
        shape = table.integers(7, MOST_DIMENSIONS, what) or table.integers(0, MOST_DIMENSIONS, what)
        kind = table.number(1, "int8")
        scale, zero_point = self._first(quantization)
        return GraphTensor(
            index=index,
            name=table.text(3),
            dtype=names_of("TensorType").get(kind, f"type_{kind}").lower(),
            shape=shape,
            size_bytes=stored,
            constant=stored > 0 or table.number(10, "uint32") > 0,
            scales=quantization.scales[1] if quantization is not None else 0,
            scale=scale,
            zero_point=zero_point,
            axis=quantization.axis if quantization is not None else 0,
            buffer=buffer,
            variable=bool(table.number(5, "bool")),
            sparse=table.table(6) is not None,
            block_size=quantization.block_size if quantization is not None else 0,
        )

    def _with_blocks(self, tensor: GraphTensor, key: tuple[int, int], tensors: tuple[GraphTensor, ...]) -> GraphTensor:
        """Return a tensor with the number of its scales, where another tensor holds them."""
        if not tensor.block_size or key not in self.quantizations:
            return tensor
        holder = tensors[self.quantizations[key].scale_tensor]
        bits = storage_bits(holder.dtype)
        return replace(tensor, scales=8 * holder.size_bytes // bits if bits else 0)

    def _quantization(self, table: Table, key: tuple[int, int], tensors: int) -> Quantization | None:
        """Return and keep a tensor's quantization; None where it has no scale."""
        entry = table.table(4)
        if entry is None:
            return None
        found = Quantization(entry, tensors)
        if not found.scales[1] and not found.zero_points[1] and found.scale_tensor < 0:
            return None
        self.quantizations[key] = found
        return found

    def _first(self, quantization: Quantization | None) -> tuple[float, int]:
        if quantization is None:
            return 0.0, 0
        scales = array(self.data, (quantization.scales[0], min(1, quantization.scales[1])), np.float32)
        points = array(self.data, (quantization.zero_points[0], min(1, quantization.zero_points[1])), np.int64)
        return (float(scales[0]) if len(scales) else 0.0), (int(points[0]) if len(points) else 0)

    def _op(self, table: Table, index: int, tensors: tuple[GraphTensor, ...]) -> GraphOp:
        place = table.number(0, "uint32")
        if place >= len(self.codes):
            raise Damaged(f"operator {index} has code {place} of {len(self.codes)}")
        name, version = self.codes[place]
        inputs, outputs = table.integers(1), table.integers(2)
        require_tensors((i for i in (*inputs, *outputs) if i != -1), len(tensors), f"operator {index}")
        kind, options = names_of("BuiltinOptions").get(table.number(3, "uint8"), ""), table.table(4)
        return GraphOp(
            index=index,
            name=name,
            version=version,
            inputs=inputs,
            outputs=outputs,
            weight_bytes=sum(tensors[i].size_bytes for i in inputs if i >= 0),
            options=read_options(name, kind, options),
            calls=read_calls(name, kind, options),
        )


def require_tensors(indices: Iterable[int], tensors: int, where: str) -> None:
    """Refuse indices that are no tensor's; Python would take negative ones from the end.

    Raises:
        Damaged: one of them is.
    """
    wrong = next((index for index in indices if not 0 <= index < tensors), None)
    if wrong is not None:
        raise Damaged(f"{where} names tensor {wrong} of {tensors}")


def read_signature(table: Table, subgraphs: tuple[Subgraph, ...]) -> Signature:
    """Return a way to call the model by names.

    Raises:
        Damaged: it names a subgraph or tensor that does not exist.
    """
    subgraph = table.number(4, "uint32")
    if subgraph >= len(subgraphs):
        raise Damaged(f"a signature runs subgraph {subgraph} of {len(subgraphs)}")
    inputs, outputs = (
        {entry.text(0): entry.number(1, "uint32") for entry in table.tables(side, what="signature entries")}
        for side in (0, 1)
    )
    for side in (inputs, outputs):
        require_tensors(side.values(), len(subgraphs[subgraph].tensors), "a signature")
    return Signature(key=table.text(2), subgraph=subgraph, inputs=inputs, outputs=outputs)


def _span(table: Table, size_bytes: int) -> Span:
    """Return where a buffer's bytes lie: in the table, or behind the flatbuffer in files above 2 GB."""
    offset, length = table.number(1, "uint64"), table.number(2, "uint64")
    if offset <= 1:
        return table.vector(0, 1)
    if offset + length > size_bytes:
        raise Damaged(f"a buffer of {length} bytes at {offset} reaches beyond the file of {size_bytes} bytes")
    return offset, length


def _code(table: Table) -> tuple[str, int]:
    """Return an operator's name and version. Unknown codes are named by their number.

    As `GetBuiltinCode` in TensorFlow's schema_utils: old files have the first field only, and in new ones it holds 127
    where the code does not fit. The larger of the two is the code.
    """
    builtin = max(table.number(0, "int8"), table.number(3, "int32"))
    name = names_of("BuiltinOperator").get(builtin, f"OP_{builtin}")
    if name == "CUSTOM":
        name = f"CUSTOM:{table.text(1)}"
    return name, table.number(2, "int32", 1)
