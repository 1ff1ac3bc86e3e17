"""One kind of ill health, and one place where it was found."""

from __future__ import annotations

from dataclasses import dataclass

from litesmith.core.results import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Symptom:
    """A kind of ill health.

    Attributes:
        code: Short stable name.
        severity: How much it matters.
        hint: What to change.
    """

    code: str
    severity: Severity
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One place.

    Attributes:
        symptom: What it is.
        subgraph: Index.
        ops: Operator indices.
        tensors: Tensor indices.
        message: The thing, its value and the limit.
        weight: How bad it is; the worst place of a symptom is the one that is told.
    """

    symptom: Symptom
    subgraph: int
    ops: tuple[int, ...]
    tensors: tuple[int, ...]
    message: str
    weight: float
