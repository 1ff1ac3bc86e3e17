"""The whole result of a run: what report.json holds."""

from __future__ import annotations

from dataclasses import dataclass, field

from litesmith.core.conversion import Conversion
from litesmith.core.preprocessing import Preprocessing
from litesmith.core.recovery import Recovery
from litesmith.core.results import Calibration, Finding, SourceInfo, Variant
from litesmith.core.search import Search

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetSummary:
    """A dataset as it was used.

    Attributes:
        role: `evaluation`, `calibration` or, with a goal, `choice`: the part of the evaluation samples chosen by.
        source: As named by the user.
        kind: Dataset plugin.
        sha256: Of contents and preprocessing.
        n: Samples used.
        labelled: Whether samples carry labels.
        resized: Whether samples were decoded or resized, so that crop, filter and colour order applied.
        skipped: Samples left out because they could not be read.
        findings: What was noticed, the skipped samples among it.
    """

    role: str
    source: str
    kind: str
    sha256: str
    n: int
    labelled: bool
    skipped: int
    resized: bool = True
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraints:
    """What the chosen variant has to meet; None where the user set no limit.

    Attributes:
        max_drop: Largest loss of the primary metric against float, in its unit (0.01 is one point of accuracy).
        max_size_bytes: Largest file.
        max_latency_ms: Largest p50 on the first target whose CPU is real.
        max_latency_ms_by_target: Largest p50 on single targets, from the fleet file.
    """

    max_drop: float | None = None
    max_size_bytes: int | None = None
    max_latency_ms: float | None = None
    max_latency_ms_by_target: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StageTime:
    """How long a stage took in this run, and whether its result was already there."""

    stage: str
    duration_s: float
    cached: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """What the numbers were made with.

    Attributes:
        versions: Package versions; `python` among them. A package that is not installed is left out.
        machine: Architecture.
        cpu: CPU model.
        cores: Cores usable by this process.
        memory_bytes: Installed memory.
        os: System and release.
        governor: Frequency governor, or `unknown`.
        created: UTC time, ISO 8601.
        seed: Seed of everything random.
    """

    versions: dict[str, str]
    machine: str
    cpu: str
    cores: int
    memory_bytes: int
    os: str
    governor: str
    created: str
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """Everything a run found out. `recommended` is a scheme, or empty when no variant qualifies.

    Attributes:
        nearest: With constraints that nothing meets, the scheme that comes nearest; else empty.
        reason: Why `recommended` was chosen, or what nothing met.
        recovery: What training for int8 did; None when it was not asked for.
        search: The search for mixed precision; None without a goal.
    """

    schema_version: int
    litesmith_version: str
    source: SourceInfo
    conversion: Conversion
    preprocessing: Preprocessing
    datasets: tuple[DatasetSummary, ...]
    calibration: Calibration | None
    variants: tuple[Variant, ...]
    constraints: Constraints
    recommended: str
    nearest: str
    reason: str
    warnings: tuple[Finding, ...]
    stages: tuple[StageTime, ...]
    environment: Environment
    recovery: Recovery | None = None
    search: Search | None = None
