"""What a .tflite asks of a device: operators, runtimes, memory, inputs and outputs."""

from __future__ import annotations

from dataclasses import dataclass

from litesmith.core.op_ref import OpRef
from litesmith.core.tensors import TensorSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignOp:
    """An operator that the TFLite runtime does not bring along.

    Attributes:
        name: TensorFlow op or custom name.
        select_tf: Whether it is one of TensorFlow's own (Flex).
        ops: Where it occurs.
        layers: The user's layers, each once.
        dependency: What an app needs for it.
    """

    name: str
    select_tf: bool
    ops: tuple[OpRef, ...]
    layers: tuple[str, ...]
    dependency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeNeed:
    """The oldest version of one runtime that knows every operator version in the file.

    Attributes:
        runtime: Package or artifact, such as `ai-edge-litert (Python)`.
        minimum: Version; empty when no release is known to run it.
        note: What else matters, such as that the package ends before that version.
    """

    runtime: str
    minimum: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """An operator version and the TensorFlow release that brought it.

    Attributes:
        op: Operator name.
        version: Operator version that is needed.
        stated: Operator version in the file; less where the file understates what its number types need.
        since: TensorFlow release; empty when unknown.
        first: Where it first occurs.
    """

    op: str
    version: int
    stated: int
    since: str
    first: OpRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one kind of operator, or one layer, takes of the file and of the work.

    Attributes:
        name: Operator or layer.
        ops: Operators.
        weight_bytes: Constants they read; a constant that several read is counted once in all, at the first.
        macs: Multiply-accumulates per inference.
    """

    name: str
    ops: int
    weight_bytes: int
    macs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Memory for activations.

    Attributes:
        planned_bytes: What the runtime's planner needs for all activations of the first subgraph, computed from
            lifetimes; None where a size is dynamic.
        busiest: The operator during which most of it is in use.
        measured_bytes: Span of the activations in the runtime's memory without a delegate; None when not measured.
        measured_note: Runtime version, or why it was not measured.
    """

    planned_bytes: int | None
    busiest: OpRef | None
    measured_bytes: int | None
    measured_note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """One input or output, and how to feed or read it.

    Attributes:
        spec: Name, dtype, shape and quantization.
        size_bytes: Of its buffer; None where a size is dynamic.
        bytes: What to write into it or read from it, in words an app's author needs.
    """

    spec: TensorSpec
    size_bytes: int | None
    bytes: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureInfo:
    """One signature.

    Attributes:
        key: Its name.
        inputs: Names.
        outputs: Names.
    """

    key: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataInfo:
    """One metadata entry.

    Attributes:
        name: Its name.
        size_bytes: Of its block.
        says: What it says, where that can be read: a version, or the model's card in TFLite metadata.
    """

    name: str
    size_bytes: int
    says: str
