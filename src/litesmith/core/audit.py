"""What an audit of a .tflite found: frozen records, written to report.json and by `inspect --json` as they stand."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from litesmith.core.delegates import DelegateUse
from litesmith.core.graph import Graph
from litesmith.core.model_facts import Demand, End, ForeignOp, Memory, MetadataInfo, RuntimeNeed, Share, SignatureInfo
from litesmith.core.op_ref import OpRef
from litesmith.core.severity import Severity


class Precision(Enum):
    """What a model computes in, as a whole."""

    FLOAT32 = "float32"
    FLOAT16_WEIGHTS = "float16 weights"
    WEIGHT_ONLY = "integer weights, float computation"
    DYNAMIC_RANGE = "dynamic range"
    FULL_INT8 = "full integer, 8 bit"
    FULL_INT16 = "full integer, 16-bit activations"
    MIXED = "integer with float islands"
    OTHER = "no arithmetic"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """One promise held against the file.

    Attributes:
        text: As asserted, such as `io=uint8`.
        met: Whether it holds.
        found: What is in the file, in one sentence.
        ops: The operators that break it.
    """

    text: str
    met: bool
    found: str
    ops: tuple[OpRef, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Island:
    """A maximal connected run of float operators inside a quantized model.

    Attributes:
        ops: In execution order.
        layers: The user's layers, each once.
        why: Why they stayed float, as far as the file shows it.
        quantize: QUANTIZE operators at its edges.
        dequantize: DEQUANTIZE operators at its edges.
        converted_bytes: What those operators read and write per inference.
    """

    ops: tuple[OpRef, ...]
    layers: tuple[str, ...]
    why: str
    quantize: int
    dequantize: int
    converted_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthIssue:
    """Something about the quantization that costs accuracy or speed.

    Attributes:
        code: Short stable name, such as `per-tensor-weights`.
        severity: How much it matters.
        message: The thing, its value and the limit.
        hint: What to change.
        ops: Where.
        tensors: Names of the tensors.
    """

    code: str
    severity: Severity
    message: str
    hint: str
    ops: tuple[OpRef, ...] = ()
    tensors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """Everything the audit says of one .tflite.

    Attributes:
        size_bytes: Of the file.
        sha256: Of the file.
        precision: What it computes in.
        claims: What the file says of itself or its name promises, held against what is in it.
        expectations: What the user asserted.
        islands: Float islands; empty for float models.
        foreign_ops: Select TF and custom operators.
        demands: Operator versions, the newest first.
        runtimes: Minimum version of each runtime.
        delegates: One per delegate.
        health: Quantization health, the worst first.
        by_op: Size and work by operator, the largest first.
        by_layer: Size and work by layer, the largest first.
        macs: Multiply-accumulates per inference of the first subgraph.
        macs_uncounted: Operators whose work is not known, by name.
        memory: For activations.
        inputs: In the model's order.
        outputs: In the model's order.
        signatures: In the file's order.
        metadata: In the file's order.
    """

    size_bytes: int
    sha256: str
    precision: Precision
    claims: tuple[Expected, ...]
    expectations: tuple[Expected, ...]
    islands: tuple[Island, ...]
    foreign_ops: tuple[ForeignOp, ...]
    demands: tuple[Demand, ...]
    runtimes: tuple[RuntimeNeed, ...]
    delegates: tuple[DelegateUse, ...]
    health: tuple[HealthIssue, ...]
    by_op: tuple[Share, ...]
    by_layer: tuple[Share, ...]
    macs: int
    macs_uncounted: tuple[str, ...]
    memory: Memory
    inputs: tuple[End, ...]
    outputs: tuple[End, ...]
    signatures: tuple[SignatureInfo, ...]
    metadata: tuple[MetadataInfo, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    """One audited file.

    Attributes:
        file: As named by the user.
        audit: What was found.
        graph: Operators and tensors.
        versions: Package versions it was audited with.
    """

    file: str
    audit: Audit
    graph: Graph
    versions: dict[str, str] = field(default_factory=dict)
