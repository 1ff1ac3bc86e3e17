"""What each stage found: frozen records, written to report.json as they stand."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from litesmith.core.audit import Audit
from litesmith.core.benchmark import Benchmark as Benchmark  # noqa: PLC0414 - imported from here with Variant
from litesmith.core.benchmark import Latency as Latency  # noqa: PLC0414
from litesmith.core.corrections import CorrectionTrial
from litesmith.core.device import Device as Device  # noqa: PLC0414
from litesmith.core.severity import Severity as Severity  # noqa: PLC0414 - imported from here with Finding
from litesmith.core.tensors import TensorSpec
from litesmith.core.verdict import Verdict


class Status(Enum):
    """What became of a variant."""

    OK = "ok"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something noticed on the way that the user should know.

    Attributes:
        code: Short stable name, such as `constant-sample`.
        severity: How much it matters.
        message: The thing, its value and the limit.
        hint: What to type or change.
        sample: The sample it was seen in, if any.
    """

    code: str
    severity: Severity
    message: str
    hint: str = ""
    sample: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceInfo:
    """The model as the user had it.

    Attributes:
        path: As named by the user.
        kind: Source plugin: `keras`, `h5`, `saved_model` or `tflite`.
        sha256: Of the file, or of the folder's names and contents.
        size_bytes: Of the file or the whole folder.
        framework: What wrote it and which version, as far as the file says.
        actions: What had to be done to open it, in order.
    """

    path: str
    kind: str
    sha256: str
    size_bytes: int
    framework: str
    actions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibratorTrial:
    """One calibrator's int8 model, judged on the calibration samples.

    Attributes:
        calibrator: Plugin name.
        sqnr_db: Signal to quantization-noise ratio of the model's output against float, in dB.
        agreement: Fraction of calibration samples with float's top-1; None when outputs are not class scores.
    """

    calibrator: str
    sqnr_db: float
    agreement: float | None


class RangeVerdict(Enum):
    """Whether the calibration samples were enough for ranges that more would not change much."""

    STABLE = "stable"
    UNSTABLE = "unstable"
    UNKNOWN = "cannot be judged"


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeStability:
    """Ranges from the even and from the odd calibration samples, compared by the calibrator in use.

    The difference of a tensor is how far the ends of both ranges lie apart, over the width of the range from all
    samples.

    Attributes:
        verdict: `stable`, `unstable`, or `cannot be judged`.
        text: The verdict in words.
        tensors: Activation tensors that were compared.
        limit: What the difference may not exceed in 95 % of the tensors.
        median_difference: Of the tensors, as a fraction; None when it cannot be judged.
        p95_difference: What 95 % of the tensors do not exceed, as a fraction.
        worst_difference: The largest, as a fraction.
        worst_tensor: Which tensor has it.
        samples_wanted: Estimate of how many samples would bring the difference to the limit; None when it is there.
    """

    verdict: RangeVerdict
    text: str
    tensors: int
    limit: float
    median_difference: float | None = None
    p95_difference: float | None = None
    worst_difference: float | None = None
    worst_tensor: str = ""
    samples_wanted: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Where the ranges of the quantized activations came from.

    Attributes:
        calibrator: The one whose ranges were used.
        reason: Why that one.
        trials: What each calibrator gave, when several were tried.
        samples: Samples the float model was run on.
        tensors: Activation tensors with a range.
        duration_s: Wall time of the pass over the samples.
        findings: What the check of the representative dataset found, and `unstable-ranges`.
        stability: Whether the samples were enough; None when it was not looked at.
    """

    calibrator: str
    reason: str
    trials: tuple[CalibratorTrial, ...]
    samples: int
    tensors: int
    duration_s: float
    findings: tuple[Finding, ...]
    stability: RangeStability | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricValue:
    """One metric over a dataset.

    Attributes:
        metric: Plugin name.
        value: Mean over the samples.
        unit: `fraction`, `dB`, ...
        higher_is_better: The direction of better.
        n: Samples it was measured on.
        interval: 95 % confidence interval of `value`.
    """

    metric: str
    value: float
    unit: str
    higher_is_better: bool
    n: int
    interval: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """A variant's answers, measured on data that calibration never saw.

    The fields from `metric` to `interval` are those of the primary metric.

    Attributes:
        metric: Primary metric.
        value: Its mean.
        unit: Its unit.
        higher_is_better: Its direction.
        n: Samples.
        interval: 95 % interval of `value` (Wilson's for fractions).
        agreement: Fraction of samples with the same top-1 as the float model; None when outputs are not class scores.
        difference: Paired difference of `value` to the float model's on the same samples.
        difference_interval: 95 % interval of `difference` (Tango's score interval for right-or-wrong metrics).
        p_value: McNemar's exact two-sided p-value; None for the reference and for metrics that are not right-or-wrong.
        metrics: Every metric.
        samples_per_s: Rate of the evaluation, all workers together.
        verdict: What `difference` allows to be said; None for the reference and for metrics that are no fraction.
    """

    metric: str
    value: float
    unit: str
    higher_is_better: bool
    n: int
    interval: tuple[float, float]
    agreement: float | None
    difference: float
    difference_interval: tuple[float, float]
    p_value: float | None
    metrics: tuple[MetricValue, ...]
    samples_per_s: float
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One .tflite made from the float model.

    Attributes:
        scheme: Scheme plugin.
        status: `ok`, or `failed` with a reason.
        reference: Whether differences are counted from it: the float model of a run, or the first file of a list.
        reason: Why it could not be built or run; empty when it could.
        file: Relative to the output folder; empty when not built.
        sha256: Of the file.
        size_bytes: Of the file.
        calibrator: Whose ranges it uses; empty for schemes without calibration.
        corrections: Every correction that was tried, in the order they act.
        inputs: As fed.
        outputs: As returned.
        op_counts: Operators by name.
        float_ops: Operators that compute in float inside a variant that promises integers.
        findings: What was noticed about it.
        audit: What is in the file; None when it was not looked at.
        evaluation: None when there was no dataset or it failed.
        benchmarks: One per target.
        on_frontier: No other variant is at least as good in accuracy, latency and size, and better in one.
    """

    scheme: str
    status: Status
    reference: bool = False
    reason: str = ""
    file: str = ""
    sha256: str = ""
    size_bytes: int = 0
    calibrator: str = ""
    corrections: tuple[CorrectionTrial, ...] = ()
    inputs: tuple[TensorSpec, ...] = ()
    outputs: tuple[TensorSpec, ...] = ()
    op_counts: dict[str, int] = field(default_factory=dict)
    float_ops: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    audit: Audit | None = None
    evaluation: Evaluation | None = None
    benchmarks: tuple[Benchmark, ...] = ()
    on_frontier: bool = False
