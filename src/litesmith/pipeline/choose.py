"""Which variant to ship, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from litesmith.core.benchmark import Benchmark, primary
from litesmith.core.deployment import Constraints
from litesmith.core.results import Status, Variant
from litesmith.core.units import format_instructions, format_latency, format_percent, format_points, format_size
from litesmith.core.verdict import DEFAULT_MAX_DROP, VerdictWord

DEFAULT_LEAST_SQNR_DB = 20.0
"""What DEFAULT_MAX_DROP is for models without classes: a hundredth of the signal's power may be noise."""
_SAME_LATENCY = 1.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The outcome; `recommended` is empty when nothing qualifies, and `nearest` then names what comes closest."""

    recommended: str
    nearest: str
    reason: str


def latency_ms(variant: Variant) -> float | None:
    """Return p50, or the average where only that is known, on the first target whose CPU is real; or None."""
    made = primary(variant.benchmarks)
    return made.typical_ms if made is not None else None


def instructions(variant: Variant) -> int | None:
    """Return the instructions of one inference where no target has a latency, or None."""
    made = primary(variant.benchmarks)
    return made.instructions.total if made is not None and made.instructions is not None else None


def cost(variant: Variant) -> float | None:
    """Return what one inference costs: its latency in ms, without one its instructions, or None."""
    latency = latency_ms(variant)
    return latency if latency is not None else instructions(variant)


def _drop(variant: Variant) -> float | None:
    """Return how much worse than the reference it is in the headline metric, in its unit; None if not comparable."""
    made = variant.evaluation
    if made is None or made.unit != "fraction":
        return None
    return -made.difference if made.higher_is_better else made.difference


def usable(variants: Sequence[Variant]) -> list[Variant]:
    """Return the variants that could be built and run."""
    return [v for v in variants if v.status is Status.OK]


def with_frontier(variants: Sequence[Variant]) -> tuple[Variant, ...]:
    """Return the variants, marked where no other is as good in accuracy, cost and size and better in one."""
    all_costs = {v.scheme: costs(v) for v in usable(variants)}

    def beaten(variant: Variant) -> bool:
        own = all_costs[variant.scheme]
        return any(
            all(a <= b for a, b in zip(theirs, own, strict=True)) and theirs != own
            for name, theirs in all_costs.items()
            if name != variant.scheme
        )

    return tuple(replace(v, on_frontier=v.status is Status.OK and not beaten(v)) for v in variants)


def costs(variant: Variant) -> tuple[float, float, float]:
    """Return error in the headline metric, cost of an inference and size; smaller is better in each."""
    made = variant.evaluation
    error = 0.0 if made is None else (-made.value if made.higher_is_better else made.value)
    return error, cost(variant) or 0.0, float(variant.size_bytes)


def excess(variant: Variant, limits: Constraints) -> float:
    """Return by what share the limits are exceeded in sum; 0 when all are met. What was not measured counts as met."""
    over = 0.0
    drop, latency = _drop(variant), latency_ms(variant)
    if limits.max_drop is not None and drop is not None:
        over += max(0.0, drop - limits.max_drop) / max(limits.max_drop, 0.001)
    if limits.max_size_bytes is not None:
        over += max(0.0, variant.size_bytes / max(limits.max_size_bytes, 1) - 1)
    if limits.max_latency_ms is not None and latency is not None:
        over += max(0.0, latency / max(limits.max_latency_ms, 1e-9) - 1)
    for made in variant.benchmarks:
        limit = limits.max_latency_ms_by_target.get(made.target)
        if limit is not None and made.typical_ms is not None:
            over += max(0.0, made.typical_ms / max(limit, 1e-9) - 1)
    return over


def good_enough(variant: Variant, limits: Constraints) -> bool:
    """Tell whether a variant is accurate enough for a recommendation where the user set no limit on accuracy."""
    made = variant.evaluation
    if limits.max_drop is not None or made is None:
        return True
    drop = _drop(variant)
    if drop is not None:
        return drop <= DEFAULT_MAX_DROP
    return made.unit != "dB" or made.value >= DEFAULT_LEAST_SQNR_DB


def choose(variants: Sequence[Variant], limits: Constraints) -> Choice:
    """Return the variant to ship.

    Of those that meet the limits (and lose at most 0.01 where no limit on accuracy is set), the fastest; of those
    within 5 % of its latency, the smallest, then the most accurate. Where every target is emulated, instructions stand
    for the latency; without either, the smallest.
    """
    candidates = usable(variants)
    if not candidates:
        return Choice(recommended="", nearest="", reason="no variant could be built and run")
    if limits.max_drop is not None and any(_drop(v) is None for v in candidates):
        close = min(candidates, key=lambda v: costs(v)[0])
        return Choice(
            recommended="",
            nearest=close.scheme,
            reason=f"the limit on the drop could not be checked: {_why_no_drop(candidates[0])}; "
            f"the most accurate is {close.scheme}: {figures(close)}",
        )
    meeting = [v for v in candidates if excess(v, limits) == 0]
    if not meeting:
        close = min(candidates, key=lambda v: (excess(v, limits), v.size_bytes))
        return Choice(
            recommended="",
            nearest=close.scheme,
            reason=f"no variant meets {limits_text(limits)}; nearest is {close.scheme}: {figures(close)}",
        )
    good = [v for v in meeting if good_enough(v, limits)]
    if not good:
        best = min(meeting, key=lambda v: costs(v)[0])
        among = f"of the variants that meet {limits_text(limits)}, " if limits_text(limits) else ""
        return Choice(
            recommended=best.scheme,
            nearest="",
            reason=f"{among}none {_default_loss(best)}; the most accurate is {best.scheme}: {figures(best)}",
        )
    measured = [v for v in good if cost(v) is not None]
    if measured:
        least = min(cost(v) or 0.0 for v in measured)
        good = [v for v in measured if (cost(v) or 0.0) <= least * _SAME_LATENCY]
    best = min(good, key=lambda v: (v.size_bytes, costs(v)[0]))
    return Choice(recommended=best.scheme, nearest="", reason=_reason(best, limits))


def _default_loss(variant: Variant) -> str:
    """Return the limit on accuracy that applies without --max-drop, in words; empty for metrics without one."""
    made = variant.evaluation
    if made is not None and made.unit == "fraction":
        return f"loses at most {format_percent(DEFAULT_MAX_DROP, digits=0)}"
    if made is not None and made.unit == "dB":
        return f"keeps {DEFAULT_LEAST_SQNR_DB:g} dB of SQNR"
    return ""


def _why_no_drop(variant: Variant) -> str:
    made = variant.evaluation
    return "no accuracy was measured" if made is None else f"{made.metric} is no fraction but in {made.unit or 'units'}"


def limits_text(limits: Constraints) -> str:
    """Return the limits that were set, in words; empty for none."""
    parts = []
    if limits.max_drop is not None:
        parts.append(f"a drop of at most {limits.max_drop:g}")
    if limits.max_size_bytes is not None:
        parts.append(f"a size of at most {format_size(limits.max_size_bytes)}")
    if limits.max_latency_ms is not None:
        parts.append(f"a latency of at most {format_latency(limits.max_latency_ms)}")
    for target, limit in limits.max_latency_ms_by_target.items():
        parts.append(f"a latency of at most {format_latency(limit)} on {target}")
    return " and ".join(parts)


def conditions_text(best: Variant, limits: Constraints) -> str:
    """Return what a recommended variant had to be, in words: the limits, and the default one on accuracy."""
    conditions = [f"meets {given}"] if (given := limits_text(limits)) else []
    if limits.max_drop is None and (loss := _default_loss(best)):
        conditions.append(loss)
    return " and ".join(conditions)


def cheapest_text(variant: Variant) -> str:
    """Return what the variant with the smallest cost is called, by what its cost is."""
    if latency_ms(variant) is not None:
        return "fastest variant"
    return "smallest variant" if instructions(variant) is None else "variant of the fewest instructions"


def _reason(best: Variant, limits: Constraints) -> str:
    among = f"the {cheapest_text(best)}"
    if conditions := conditions_text(best, limits):
        among += f" that {conditions}"
    text = f"{among}: {figures(best)}"
    limit = limits.max_drop if limits.max_drop is not None else DEFAULT_MAX_DROP
    return text + _beyond(best, limit)


def _beyond(variant: Variant, limit: float) -> str:
    """Return what is to be said of an interval that reaches beyond the limit on the loss; empty when it does not."""
    made = variant.evaluation
    if made is None or _drop(variant) is None or (told := made.verdict) is None or told.largest_loss <= limit:
        return ""
    text = f". The interval reaches a loss of {format_points(told.largest_loss).lstrip('+')} points"
    if told.word is VerdictWord.WORSE:
        return f"{text}, and that something is lost is certain"
    if told.more_samples is None:
        return text
    return f"{text}: not enough samples to tell; {told.more_samples:,} more would"


def figures(variant: Variant) -> str:
    """Return what a variant costs and loses, in words."""
    parts = [format_size(variant.size_bytes)]
    made, measured = variant.evaluation, primary(variant.benchmarks)
    if made is not None:
        if made.unit == "fraction":
            low, high = (format_points(v) for v in made.difference_interval)
            parts.insert(0, f"{format_points(made.difference)} points {made.metric} ({low} to {high}, n={made.n})")
        else:
            parts.insert(0, f"{made.metric} {made.value:.1f} {made.unit} (n={made.n})")
    if measured is not None and (text := _cost_text(measured)):
        parts.append(text)
    return ", ".join(parts)


def _cost_text(made: Benchmark) -> str:
    """Return a latency, marked where the clock was held back, or instructions, marked as emulated."""
    if made.typical_ms is not None:
        held = ", throttled" if made.throttled else ""
        return f"{made.typical_word} {format_latency(made.typical_ms)} on {made.target}{held}"
    if made.instructions is None:
        return ""
    return f"{format_instructions(made.instructions.total)} instructions on {made.target} (emulated, no latency)"
