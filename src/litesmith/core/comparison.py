"""What differs between two .tflite files."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One structural difference of two files.

    Attributes:
        what: Kind of thing: `file`, `input`, `output`, `signature`, `metadata`, `subgraph`, `op`, `version`, `options`,
            `tensor` (type or shape of what an operator makes) or `range` (its scale or zero point).
        name: Which one.
        before: As in the first file; empty where only the second has it.
        after: As in the second file; empty where only the first has it.
    """

    what: str
    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConstantDifference:
    """A constant that two matched operators read and that is not the same in both files.

    Attributes:
        name: Tensor in the first file.
        layer: The user's layer that reads it.
        before: Type in the first file.
        after: Type in the second file.
        max_abs_difference: Largest absolute difference of the real values; None where shapes differ or the values have
            no plain layout.
        max_abs_value: Largest absolute real value in the first file; None with it.
    """

    name: str
    layer: str
    before: str
    after: str
    max_abs_difference: float | None
    max_abs_value: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorPair:
    """A tensor of the first subgraph that both files have.

    Attributes:
        name: In the first file.
        op: Operator that makes it, and its layer.
        first: Index in the first file.
        second: Index in the second file.
    """

    name: str
    op: str
    first: int
    second: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """How two files differ, without running them.

    Attributes:
        changes: Structural differences.
        constants: Constants that differ, in the order of the operators that read them.
        constants_compared: Constants that matched operators read, in all.
        pairs: Computed tensors that both have.
    """

    changes: tuple[Change, ...]
    constants: tuple[ConstantDifference, ...]
    constants_compared: int
    pairs: tuple[TensorPair, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How often two files name the same class.

    Attributes:
        value: Fraction of samples with the same top-1.
        n: Samples.
        interval: Wilson's 95 % interval of `value`.
    """

    value: float
    n: int
    interval: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorDifference:
    """One tensor's real values in two files, on the same samples.

    Attributes:
        name: Tensor or output.
        samples: Samples compared.
        sqnr_db: Signal of the first file to the difference over all samples, in dB; None when all values are the same,
            or when one holds NaN or infinity.
        cosine: Cosine similarity of all values; None when one side is all zero, NaN or infinite.
        max_abs_difference: Largest absolute difference; None where one holds NaN or infinity.
        identical: Fraction of values that are the same, two NaN included.
        op: Operator that makes it, and its layer; empty for outputs.
        top1: Same top-1; None where the tensor is no output with class scores.
    """

    name: str
    samples: int
    sqnr_db: float | None
    cosine: float | None
    max_abs_difference: float | None
    identical: float
    op: str = ""
    top1: Agreement | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two files side by side.

    Attributes:
        first: File.
        second: File.
        same_bytes: Whether the files are the same byte for byte; nothing else was looked at then.
        changes: Structural differences.
        constants: Constants that differ.
        constants_compared: Constants that matched operators read, in all.
        samples: What both were run on: a dataset, or random values; empty when they were not run.
        outputs: Per output.
        tensors: Per computed tensor that both have, in the order of the first file.
        note: What was not run or matched, and why; else empty.
        versions: Package versions.
    """

    first: str
    second: str
    same_bytes: bool
    changes: tuple[Change, ...] = ()
    constants: tuple[ConstantDifference, ...] = ()
    constants_compared: int = 0
    samples: str = ""
    outputs: tuple[TensorDifference, ...] = ()
    tensors: tuple[TensorDifference, ...] = ()
    note: str = ""
    versions: dict[str, str] = field(default_factory=dict)
