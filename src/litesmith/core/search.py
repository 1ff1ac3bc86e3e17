"""What a search for mixed precision did, as the report has it."""

from __future__ import annotations

from dataclasses import dataclass

from litesmith.core.verdict import VerdictWord


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchedOp:
    """One operator of the integer model: what it gains in float, and what that costs.

    Attributes:
        name: Its first output tensor.
        layer: The user's layer it belongs to, as far as names tell.
        op: Operator name.
        gain_db: How much less noise the judged tensor has when this operator alone is float, in dB; None when it was
            measured only together with its neighbours.
        float_ms: Time alone in float on the target; None when it could not be timed.
        int8_ms: The same in int8.
        ms_added: What it alone in float adds to the model's time, conversions at its borders included.
    """

    name: str
    layer: str
    op: str
    gain_db: float | None
    float_ms: float | None
    int8_ms: float | None
    ms_added: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPoint:
    """A mixed model on the frontier of noise and cost.

    Attributes:
        variant: Its name among the variants; empty when it is not one.
        float_ops: First output tensor of each operator that was kept float.
        sqnr_db: Signal to noise ratio of the judged tensor on the screening samples.
        ms_added: What it was predicted to add to the int8 model's time.
        size_bytes: Of the file.
        evaluated: Whether it was corrected and evaluated on the choice samples.
        difference: Paired difference of the headline metric to float on the choice samples; None when not evaluated.
        verdict: The verdict there; None when not evaluated, and for metrics that are no fraction.
        p50_ms: Its latency, timed beside float32 and the int8 model; None when not timed.
    """

    variant: str
    float_ops: tuple[str, ...]
    sqnr_db: float
    ms_added: float
    size_bytes: int
    evaluated: bool = False
    difference: float | None = None
    verdict: VerdictWord | None = None
    p50_ms: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What was searched for, how, and why the search ended.

    Attributes:
        goal: `accuracy`, `latency`, `size` or `balanced`.
        base: The integer variant it started from.
        target: Where times were measured.
        tensor: The tensor that noise is measured at.
        base_sqnr_db: The signal to noise ratio there, all operators in integers.
        screening_samples: Calibration samples that sets were compared on.
        choice_samples: Evaluation samples that the variants were chosen by.
        confirmation_samples: Evaluation samples that the figures of the report are from; no choice saw them.
        screened: Sets of operators that were built and measured on the screening samples.
        evaluations: Mixed models that were corrected and evaluated on the choice samples.
        cached: Those of the evaluations whose results an earlier run had left.
        duration_s: Wall time of the search in this run.
        budget_evaluations: Most evaluations allowed.
        budget_minutes: Most minutes allowed.
        stopped: Why it ended.
        ops: Operators whose precision could be chosen, in execution order.
        points: The frontier of noise and cost, cheapest first.
    """

    goal: str
    base: str
    target: str
    choice_samples: int
    confirmation_samples: int
    stopped: str
    tensor: str = ""
    base_sqnr_db: float | None = None
    screening_samples: int = 0
    screened: int = 0
    evaluations: int = 0
    cached: int = 0
    duration_s: float = 0.0
    budget_evaluations: int = 0
    budget_minutes: float = 0.0
    ops: tuple[SearchedOp, ...] = ()
    points: tuple[SearchPoint, ...] = ()
