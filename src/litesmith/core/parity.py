"""Whether a bundle answers on a machine as it did when it was made."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from litesmith.core.device import Device


class ParityVerdict(Enum):
    """What a comparison with golden vectors allows to be said."""

    IDENTICAL = "identical"
    WITHIN = "within tolerance"
    DIFFERENT = "different"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepParity:
    """One array of one vector, compared.

    Attributes:
        vector: Name of the golden vector.
        step: `pixels`, `raw`, `input` or `output`.
        tensor: Its name.
        elements: How many were compared.
        different: How many of them are not the same.
        largest: Largest absolute difference, in steps for integers; NaN where one side is not finite.
        allowed: What the tolerance allows.
        same_top1: Whether the largest element stands at the same place; None where that means nothing.
    """

    vector: str
    step: str
    tensor: str
    elements: int
    different: int
    largest: float
    allowed: float
    same_top1: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parity:
    """The outcome of `litesmith verify`.

    Attributes:
        bundle: The folder, as named by the user.
        verdict: The worst that was found.
        reason: In one sentence; why a runtime legitimately differs, where it does.
        damaged: Files that are missing, changed or not in the manifest, each with what is wrong with it.
        exact: Whether outputs had to be the same bytes.
        vectors: How many golden vectors were run.
        steps: Every array that was compared.
        delegate: What ran the operators there.
        made_with: Runtime, machine and delegate that made the vectors.
        device: Where they were run; None when the files were damaged and nothing ran.
        skipped: What could not be compared there, each with the reason.
    """

    bundle: str
    verdict: ParityVerdict
    reason: str
    damaged: tuple[str, ...]
    exact: bool
    vectors: int
    steps: tuple[StepParity, ...]
    delegate: str
    made_with: str
    device: Device | None
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What `litesmith verify` found.

    Attributes:
        parities: One per target that answered; one alone when the files are damaged and nothing was run.
        failures: Why there is none, by target.
    """

    parities: tuple[Parity, ...]
    failures: dict[str, str] = field(default_factory=dict)
