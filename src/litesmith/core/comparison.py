"""What differs between two .tflite files."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One structural difference of two files.

    Attributes:
        what: Kind of thing: `op`, `tensor`, `input`, `output`, `signature`, `metadata`, `file`.
        name: Which one.
        before: As in the first file; empty where only the second has it.
        after: As in the second file; empty where only the first has it.
    """

    what: str
    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorDifference:
    """One tensor's values in two files, on the same samples.

    Attributes:
        name: Tensor or output.
        samples: Samples compared.
        sqnr_db: Signal of the first file to the difference, in dB; infinite when they are the same.
        cosine: Cosine similarity of all values.
        max_abs_difference: Largest absolute difference, in the tensor's real unit.
        identical: Fraction of values that are the same.
    """

    name: str
    samples: int
    sqnr_db: float
    cosine: float
    max_abs_difference: float
    identical: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two files side by side.

    Attributes:
        first: File.
        second: File.
        same_bytes: Whether the files are the same byte for byte.
        changes: Structural differences.
        samples: What they were run on: a dataset, or random values.
        outputs: Per output.
        tensors: Per tensor of the same name in both, in the order of the first file.
        top1_agreement: Fraction of samples with the same top-1; None when outputs are not class scores.
        note: Why nothing could be run or matched; else empty.
        versions: Package versions.
    """

    first: str
    second: str
    same_bytes: bool
    changes: tuple[Change, ...]
    samples: str
    outputs: tuple[TensorDifference, ...]
    tensors: tuple[TensorDifference, ...]
    top1_agreement: float | None
    note: str
    versions: dict[str, str] = field(default_factory=dict)
