"""A .tflite's graph as records: subgraphs, operators and tensors, without their weights."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

from litesmith.core.tensors import TensorSpec

CONVERSIONS = frozenset({"QUANTIZE", "DEQUANTIZE"})
"""Operators that change the number type and compute nothing."""
FLOATS = frozenset({"float32", "float16", "bfloat16", "float64"})
"""Number types that count as float."""

MIN_RUNTIME = "min_runtime_version"
"""Metadata in which the converter states the oldest runtime: a block of zero-padded text."""

BYTE_INPUTS = "litesmith.byte_inputs"
"""Metadata on the inputs that take raw bytes as they are, as `position:scale:zero` separated by commas."""

Option = int | float | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphTensor:
    """One tensor of a subgraph.

    Attributes:
        index: Position in the subgraph.
        name: As stored in the file.
        dtype: Lower-case name of the TFLite type.
        shape: Dimensions; -1 where dynamic.
        size_bytes: Stored bytes; 0 for activations and for constants in another file.
        constant: Whether the file holds its values, or says which other file does.
        scales: Number of scales: 0 when not quantized, 1 per tensor, more per channel.
        scale: First scale.
        zero_point: First zero point.
        axis: Dimension the scales run along, where there are several.
        buffer: Index of its buffer in the file; 0 is the empty one.
        variable: Whether it keeps its value between inferences.
        sparse: Whether its constant is stored sparsely.
        block_size: Values that share a scale, where the quantization is blockwise; else 0.
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
    axis: int = 0
    buffer: int = 0
    variable: bool = False
    sparse: bool = False
    block_size: int = 0


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
        options: What is known of its builtin options, by the schema's names; enumerations by number.
        calls: Subgraphs it runs, such as the condition and body of a WHILE.
    """

    index: int
    name: str
    version: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    weight_bytes: int
    options: dict[str, Option] = field(default_factory=dict)
    calls: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Subgraph:
    """One subgraph. The first is the model; others are bodies of control flow, or further signatures.

    Attributes:
        index: Position in the file.
        name: As stored in the file.
        tensors: By index.
        ops: In execution order.
        inputs: Tensor indices.
        outputs: Tensor indices.
    """

    index: int
    name: str
    tensors: tuple[GraphTensor, ...]
    ops: tuple[GraphOp, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    def op_counts(self) -> dict[str, int]:
        """Return how often each operator occurs, most frequent first."""
        return dict(Counter(op.name for op in self.ops).most_common())

    def activations(self) -> list[GraphTensor]:
        """Return the tensors that are computed or fed, in index order."""
        used = {i for op in self.ops for i in (*op.inputs, *op.outputs) if i >= 0} | set(self.inputs)
        return [t for t in self.tensors if not t.constant and t.index in used]

    def float_ops(self) -> list[GraphOp]:
        """Return operators that compute in float: a float activation goes in or comes out, conversions aside."""
        floating = {t.index for t in self.activations() if t.dtype in FLOATS}
        return [
            op for op in self.ops if op.name not in CONVERSIONS and floating.intersection((*op.inputs, *op.outputs))
        ]

    def producers(self) -> dict[int, int]:
        """Return, for each computed tensor, the op that writes it."""
        return {tensor: op.index for op in self.ops for tensor in op.outputs if tensor >= 0}

    def consumers(self) -> dict[int, list[int]]:
        """Return, for each tensor that is read, the ops that read it, in order."""
        readers: dict[int, list[int]] = {}
        for op in self.ops:
            for tensor in dict.fromkeys(op.inputs):
                if tensor >= 0:
                    readers.setdefault(tensor, []).append(op.index)
        return readers


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A way to call the model by names.

    Attributes:
        key: Its name.
        subgraph: The subgraph it runs.
        inputs: Names to tensor indices.
        outputs: Names to tensor indices.
    """

    key: str
    subgraph: int
    inputs: dict[str, int]
    outputs: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataEntry:
    """A named block of bytes beside the graph.

    Attributes:
        name: Such as `min_runtime_version` or `TFLITE_METADATA`.
        size_bytes: Of the block.
        text: The block where it is short printable text, else empty.
    """

    name: str
    size_bytes: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """What is in a .tflite.

    Attributes:
        description: Free text the writer left.
        size_bytes: Of the file.
        subgraphs: The model first.
        signatures: In the file's order.
        metadata: In the file's order.
    """

    description: str
    size_bytes: int
    subgraphs: tuple[Subgraph, ...]
    signatures: tuple[Signature, ...]
    metadata: tuple[MetadataEntry, ...]

    @property
    def main(self) -> Subgraph:
        """The first subgraph, which is the model."""
        return self.subgraphs[0]

    @property
    def signature(self) -> str:
        """Name of the first signature, or empty."""
        return self.signatures[0].key if self.signatures else ""

    @property
    def input_specs(self) -> tuple[TensorSpec, ...]:
        """The model's inputs under the first signature's names."""
        specs = self._specs(self.main.inputs, self.signatures[0].inputs if self.signatures else {})
        return with_bytes(specs, self.byte_inputs)

    @property
    def byte_inputs(self) -> dict[int, tuple[float, int]]:
        """Scale and zero of the inputs that take raw bytes as they are, by position, as the file's metadata says."""
        text = next((entry.text for entry in self.metadata if entry.name == BYTE_INPUTS), "")
        found = {}
        for part in text.split(","):
            with suppress(ValueError):  # not ours, or damaged: it says nothing
                position, scale, zero = part.split(":")
                found[int(position)] = (float(scale), int(zero))
        return found

    @property
    def output_specs(self) -> tuple[TensorSpec, ...]:
        """The model's outputs under the first signature's names."""
        return self._specs(self.main.outputs, self.signatures[0].outputs if self.signatures else {})

    def _specs(self, tensors: tuple[int, ...], named: dict[str, int]) -> tuple[TensorSpec, ...]:
        names = {index: name for name, index in named.items()}
        return tuple(spec_of(self.main.tensors[index], names.get(index, "")) for index in tensors)


def with_bytes(specs: tuple[TensorSpec, ...], fed: Mapping[int, tuple[float, int]]) -> tuple[TensorSpec, ...]:
    """Return inputs with what is known of the bytes they take, by position."""
    return tuple(
        replace(spec, byte_scale=fed[position][0], byte_zero=fed[position][1]) if position in fed else spec
        for position, spec in enumerate(specs)
    )


def stateful_ops(subgraph: Subgraph) -> list[tuple[GraphOp, tuple[int, ...]]]:
    """Return the operators that keep state between inferences, each with the tensors it keeps it in.

    Fused recurrent operators keep it in variable tensors, others in the variables that ASSIGN_VARIABLE writes.
    """
    found = []
    for op in subgraph.ops:
        kept = tuple(index for index in op.inputs if index >= 0 and subgraph.tensors[index].variable)
        if kept or op.name == "ASSIGN_VARIABLE":
            found.append((op, kept))
    return found


def spec_of(tensor: GraphTensor, name: str = "") -> TensorSpec:
    """Return a tensor as what is fed or returned, under the signature's name where it has one."""
    return TensorSpec(
        name=name or tensor.name,
        dtype=tensor.dtype,
        shape=tensor.shape,
        scale=tensor.scale,
        zero_point=tensor.zero_point,
    )
