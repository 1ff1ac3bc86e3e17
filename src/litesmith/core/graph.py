"""A .tflite's graph as records: operators and tensors, without their weights."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from litesmith.core.tensors import TensorSpec

CONVERSIONS = frozenset({"QUANTIZE", "DEQUANTIZE"})
"""Operators that change the number type and compute nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphTensor:
    """One tensor of the primary subgraph.

    Attributes:
        index: Position in the subgraph.
        name: As stored in the file.
        dtype: Lower-case name of the TFLite type.
        shape: Dimensions; -1 where dynamic.
        size_bytes: Stored bytes; 0 for activations.
        constant: Whether the file holds its values.
        scales: Number of scales: 0 when not quantized, 1 per tensor, more per channel.
        scale: First scale.
        zero_point: First zero point.
    """

    index: int
    name: str
    dtype: str
    shape: tuple[int, ...]
    size_bytes: int
    constant: bool
    scales: int
    scale: float
    zero_point: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphOp:
    """One operator, in execution order.

    Attributes:
        index: Position.
        name: Builtin name, or `CUSTOM:name`.
        version: Operator version, which decides the minimum runtime.
        inputs: Tensor indices; -1 for an omitted optional one.
        outputs: Tensor indices.
        weight_bytes: Bytes of its constant inputs.
    """

    index: int
    name: str
    version: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    weight_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """What is in a .tflite.

    Attributes:
        description: Free text the writer left.
        size_bytes: Of the file.
        subgraphs: Number of subgraphs; `tensors` and `ops` are those of the first.
        tensors: By index.
        ops: In execution order.
        inputs: Tensor indices.
        outputs: Tensor indices.
        signature: Name of the first signature, or empty.
        input_specs: Inputs under the signature's names.
        output_specs: Outputs under the signature's names.
    """

    description: str
    size_bytes: int
    subgraphs: int
    tensors: tuple[GraphTensor, ...]
    ops: tuple[GraphOp, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    signature: str
    input_specs: tuple[TensorSpec, ...]
    output_specs: tuple[TensorSpec, ...]

    def op_counts(self) -> dict[str, int]:
        """Return how often each operator occurs, most frequent first."""
        return dict(Counter(op.name for op in self.ops).most_common())

    def activations(self) -> list[GraphTensor]:
        """Return the tensors that are computed or fed, in index order."""
        used = {i for op in self.ops for i in (*op.inputs, *op.outputs) if i >= 0} | set(self.inputs)
        return [t for t in self.tensors if not t.constant and t.index in used]

    def float_ops(self) -> list[GraphOp]:
        """Return operators that compute in float: a float activation goes in or comes out, conversions aside."""
        floating = {t.index for t in self.activations() if t.dtype in ("float32", "float16", "bfloat16")}
        return [
            op for op in self.ops if op.name not in CONVERSIONS and floating.intersection((*op.inputs, *op.outputs))
        ]
