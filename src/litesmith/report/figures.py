"""What is shown of a variant and how it is worded, for the terminal and the page alike."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from litesmith.core.deployment import Deployment
from litesmith.core.results import Benchmark, Evaluation, Finding, Severity, Status, Variant
from litesmith.core.units import format_instructions, format_latency, format_percent, format_points, format_size
from litesmith.core.verdict import Verdict, VerdictWord

"""The scheme every other one is compared with."""

DASH = "-"
"""What stands where nothing was measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A variant with what follows from comparing it to the reference.

    Attributes:
        variant: The variant.
        recommended: Whether it is the chosen one.
        nearest: Whether it comes nearest when nothing meets the constraints.
        size_ratio: Its size divided by float32's; None when one is unknown.
        benchmark: On the primary target; None when not measured there.
        speed_up: float32's latency divided by its own on the same target; None for float32 and when one is unknown.
        instruction_ratio: Its instructions divided by float32's on the same target; None when one is unknown.
    """

    variant: Variant
    recommended: bool
    nearest: bool
    size_ratio: float | None
    benchmark: Benchmark | None
    speed_up: float | None
    instruction_ratio: float | None = None

    @property
    def typical_ms(self) -> float | None:
        """Its latency on that target: p50, or the average where only that is known; None without times."""
        return self.benchmark.typical_ms if self.benchmark else None

    @property
    def ok(self) -> bool:
        """Whether the variant could be built and run."""
        return self.variant.status is Status.OK


def rows(deployment: Deployment) -> tuple[Row, ...]:
    """Return every variant of a deployment, in its order."""
    return rows_of(
        deployment.variants,
        recommended=deployment.recommended,
        nearest=deployment.nearest,
        float_size_bytes=deployment.conversion.size_bytes,
    )


def rows_of(
    variants: Sequence[Variant],
    *,
    recommended: str = "",
    nearest: str = "",
    float_size_bytes: int = 0,
    target: str | None = None,
) -> tuple[Row, ...]:
    """Return variants beside their reference.

    Args:
        variants: In the order to show.
        recommended: Scheme of the chosen one.
        nearest: Scheme of the nearest one.
        float_size_bytes: Size of the float file, used when no float32 variant is among `variants`.
        target: Whose benchmarks to take; None is the primary target.
    """
    reference = next((v for v in variants if v.reference and v.status is Status.OK), None)
    base_size = reference.size_bytes if reference else float_size_bytes
    name = target if target is not None else next(iter(targets(variants)), "")
    base = benchmark_on(reference, name) if reference else None
    found = []
    for variant in variants:
        mine = benchmark_on(variant, name)
        compared = mine if base and variant is not reference else None
        found.append(
            Row(
                variant=variant,
                recommended=bool(recommended) and variant.scheme == recommended,
                nearest=bool(nearest) and variant.scheme == nearest,
                size_ratio=variant.size_bytes / base_size if variant.size_bytes and base_size else None,
                benchmark=mine,
                speed_up=_quotient(base.typical_ms if base else None, compared.typical_ms if compared else None),
                instruction_ratio=_quotient(instructions_of(compared), instructions_of(base)),
            )
        )
    return tuple(found)


def _quotient(above: float | None, below: float | None) -> float | None:
    return above / below if above and below else None


def instructions_of(made: Benchmark | None) -> int | None:
    """Return the instructions of one inference; None where none were counted."""
    return made.instructions.total if made and made.instructions else None


def targets(variants: Sequence[Variant]) -> tuple[str, ...]:
    """Return the targets anything was measured on, emulated ones last; the first is the primary one."""
    emulated = {b.target: b.emulated for v in variants for b in v.benchmarks}
    return tuple(sorted(emulated, key=emulated.__getitem__))


def benchmark_on(variant: Variant, target: str) -> Benchmark | None:
    """Return the variant's benchmark on a target, or None."""
    return next((b for b in variant.benchmarks if b.target == target), None)


def evaluation_of(variants: Sequence[Variant]) -> Evaluation | None:
    """Return one evaluation of the set, for its metric, unit and sample count; the reference's where there is one."""
    evaluated = sorted((v for v in variants if v.evaluation), key=lambda v: not v.reference)
    return evaluated[0].evaluation if evaluated else None


def shape_text(shape: Sequence[int]) -> str:
    """Return dimensions, dynamic ones as a question mark.

    >>> shape_text((-1, 4)) == "?\u00d74", shape_text(())
    (True, 'scalar')
    """
    return "\u00d7".join("?" if size < 0 else str(size) for size in shape) or "scalar"


def value_text(value: float | None, unit: str) -> str:
    """Return a metric's value: a percentage for fractions, four digits and the unit for others.

    >>> value_text(0.7962, "fraction"), value_text(31.4159, "dB"), value_text(None, "dB")
    ('79.6 %', '31.42 dB', '-')
    """
    if value is None or not math.isfinite(value):
        return DASH
    return format_percent(value) if unit == "fraction" else f"{value:.4g} {unit}".strip()


def interval_text(interval: tuple[float, float], unit: str) -> str:
    """Return the ends of an interval without their unit.

    >>> interval_text((0.7701, 0.8203), "fraction")
    '77.0 to 82.0'
    """
    if not all(map(math.isfinite, interval)):
        return DASH
    low, high = (f"{v * 100:.1f}" if unit == "fraction" else f"{v:.4g}" for v in interval)
    return f"{low} to {high}"


def difference_text(difference: float, unit: str) -> str:
    """Return a signed difference: percentage points for fractions, without the unit.

    >>> difference_text(-0.004, "fraction"), difference_text(0.25, "dB")
    ('-0.40', '+0.25')
    """
    if not math.isfinite(difference):
        return DASH
    return format_points(difference) if unit == "fraction" else f"{difference:+.3g}"


def difference_interval_text(interval: tuple[float, float], unit: str) -> str:
    """Return the ends of a difference's interval, signed.

    >>> difference_interval_text((-0.012, 0.004), "fraction")
    '-1.20 to +0.40'
    """
    low, high = (difference_text(v, unit) for v in interval)
    return DASH if DASH in (low, high) else f"{low} to {high}"


def difference_unit(unit: str) -> str:
    """Return what differences of a metric are counted in.

    >>> difference_unit("fraction"), difference_unit("dB")
    ('points', 'dB')
    """
    return "points" if unit == "fraction" else unit


def margin_text(margin: float, unit: str) -> str:
    """Return a loss that is accepted or reached, with its unit.

    >>> margin_text(0.01, "fraction"), margin_text(0.003, "fraction"), margin_text(0.012345, "fraction")
    ('1 point', '0.3 points', '1.23 points')
    """
    if unit != "fraction":
        return f"{margin:.3g} {unit}".strip()
    number = f"{round(margin * 100, 2):g}"
    return f"{number} {'point' if number == '1' else 'points'}"


def verdict_text(made: Evaluation) -> str:
    """Return the verdict on a variant in words; a dash where there is none."""
    told = made.verdict
    if told is None:
        return DASH
    if told.word is VerdictWord.NO_WORSE:
        return f"no worse than {margin_text(told.margin, made.unit)}"
    return "worse" if told.word is VerdictWord.WORSE else f"not enough samples to tell; {verdict_more_text(told)}"


def verdict_more_text(told: Verdict) -> str:
    """Return how many further samples would probably settle an undecided verdict."""
    if told.word is not VerdictWord.UNDECIDED:
        return ""
    return "no number would" if told.more_samples is None else f"{told.more_samples:,} more would"


def p_value_text(p_value: float | None) -> str:
    """Return a p-value with three decimals.

    >>> p_value_text(0.034), p_value_text(0.00001), p_value_text(None)
    ('0.034', '<0.001', '-')
    """
    if p_value is None or not math.isfinite(p_value):
        return DASH
    return "<0.001" if p_value < 0.001 else f"{p_value:.3f}"


def size_text(size_bytes: int | None) -> str:
    """Return a size, or a dash where it is not known.

    >>> size_text(None), size_text(2000)
    ('-', '2 KB')
    """
    return DASH if size_bytes is None else format_size(size_bytes)


def latency_text(latency_ms: float | None) -> str:
    """Return a time.

    >>> latency_text(8.614), latency_text(None)
    ('8.61 ms', '-')
    """
    return DASH if latency_ms is None or not math.isfinite(latency_ms) else format_latency(latency_ms)


def instructions_text(made: Benchmark | None) -> str:
    """Return the instructions of one inference, in millions; a dash where none were counted."""
    counted = instructions_of(made)
    return DASH if counted is None else format_instructions(counted)


def ratio_text(ratio: float | None) -> str:
    """Return a factor.

    >>> ratio_text(2.104)
    '2.10x'
    """
    return DASH if ratio is None else f"{ratio:.2f}x"


def is_reference(variant: Variant) -> bool:
    """Tell whether differences are counted from this variant."""
    return variant.reference


def clearly_worse(made: Evaluation) -> bool:
    """Tell whether the whole interval of the difference lies on the worse side of zero."""
    low, high = made.difference_interval
    return high < 0 if made.higher_is_better else low > 0


def findings_of(deployment: Deployment) -> tuple[tuple[str, Finding], ...]:
    """Return every finding with where it was made, the gravest first, each once."""
    found = [("", f) for f in deployment.warnings]
    found += [(f"{d.role} data", f) for d in deployment.datasets for f in d.findings]
    if deployment.calibration:
        found += [("calibration", f) for f in deployment.calibration.findings]
    found += [(v.scheme, f) for v in deployment.variants for f in v.findings]
    once: dict[tuple[str, str, str], tuple[str, Finding]] = {}
    for place, finding in found:
        once.setdefault((finding.code, finding.message, finding.sample), (place, finding))
    order = list(reversed(list(Severity)))
    return tuple(sorted(once.values(), key=lambda pair: order.index(pair[1].severity)))
