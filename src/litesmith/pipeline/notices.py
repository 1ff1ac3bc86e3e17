"""What a user should be told about a variant's numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from litesmith.core.benchmark import Benchmark
from litesmith.core.results import Finding, Severity, Status, Variant
from litesmith.core.units import format_instructions, format_latency, format_percent
from litesmith.pipeline.fleet import Board

COLLAPSED = 0.5
"""Agreement with the float model below which a variant counts as broken."""
SLOWER = 1.2
"""Ratio of p50 to the float model's above which a smaller variant is called slower."""


def noticed(variants: Sequence[Variant]) -> list[Variant]:
    """Return the variants with findings on collapsed answers and on variants slower than float32."""
    reference = variants[0]
    return [
        variant
        if variant is reference or variant.status is not Status.OK
        else replace(variant, findings=(*variant.findings, *_collapse(variant), *_slowness(variant, reference)))
        for variant in variants
    ]


def held_back(variants: Sequence[Variant]) -> tuple[Finding, ...]:
    """Return a finding for each target whose clock was held back while it was measured."""
    found: dict[str, list[str]] = {}
    for variant in variants:
        for made in variant.benchmarks:
            reasons = [reason for part in made.thermals if part.throttled for reason in part.reasons]
            if made.throttled:
                found.setdefault(made.target, []).extend(reasons)
    return tuple(
        Finding(
            code="throttled",
            severity=Severity.WARNING,
            message=f"the clock of {target} was held back while it was measured: {'; '.join(dict.fromkeys(reasons))}",
            hint="Cool the board, check its power supply, and measure again.",
        )
        for target, reasons in found.items()
    )


def over_limits(variants: Sequence[Variant], boards: Sequence[Board]) -> tuple[Finding, ...]:
    """Return a finding for each variant that is slower on a board than the fleet file allows."""
    limits = {board.name: board.max_latency_ms for board in boards}
    return tuple(
        Finding(
            code="over-max-latency",
            severity=Severity.WARNING,
            message=f"{variant.scheme} is over max-latency on {made.target}: "
            f"{made.typical_word} {format_latency(made.typical_ms)}, "
            f"limit {format_latency(limit)}",
        )
        for variant in variants
        for made in variant.benchmarks
        if (limit := limits.get(made.target)) is not None and made.typical_ms is not None and made.typical_ms > limit
    )


def _collapse(variant: Variant) -> tuple[Finding, ...]:
    made = variant.evaluation
    if made is None or made.agreement is None or made.agreement >= COLLAPSED:
        return ()
    return (
        Finding(
            code="collapsed",
            severity=Severity.WARNING,
            message=(
                f"gives float32's top-1 on only {format_percent(made.agreement)} of {made.n} samples "
                f"(limit {format_percent(COLLAPSED, digits=0)}): it no longer works"
            ),
            hint="Do not ship it; choose another scheme.",
        ),
    )


def _slowness(variant: Variant, reference: Variant) -> tuple[Finding, ...]:
    theirs = {made.target: made for made in reference.benchmarks}
    return tuple(
        _slower(made, theirs[made.target])
        for made in variant.benchmarks
        if made.target in theirs and _cost(made) > _cost(theirs[made.target]) * SLOWER > 0
    )


def _cost(made: Benchmark) -> float:
    """Return the latency, without one the instructions, without either 0."""
    counted = 0 if made.instructions is None else made.instructions.total
    return float(counted) if made.typical_ms is None else made.typical_ms


def _slower(made: Benchmark, reference: Benchmark) -> Finding:
    if made.typical_ms is not None and reference.typical_ms is not None:
        found = f"slower than float32 on {made.target}: {made.typical_word} {format_latency(made.typical_ms)} against "
        found += format_latency(reference.typical_ms)
    else:
        mine, theirs = format_instructions(_cost(made)), format_instructions(_cost(reference))
        found = f"needs more instructions than float32 on {made.target}, which is emulated: {mine} against {theirs}"
    return Finding(
        code="slower-than-float",
        severity=Severity.INFO,
        message=f"{found}; operators without a fast kernel are the usual cause",
    )
