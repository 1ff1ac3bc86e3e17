"""What a user should be told about a variant's numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from litesmith.core.results import Finding, Severity, Status, Variant
from litesmith.core.units import format_latency, format_percent

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
    theirs = {made.target: made.latency_ms.p50 for made in reference.benchmarks}
    return tuple(
        Finding(
            code="slower-than-float",
            severity=Severity.INFO,
            message=(
                f"slower than float32 on {made.target}: p50 {format_latency(made.latency_ms.p50)} "
                f"against {format_latency(theirs[made.target])}; operators without a fast kernel are the usual cause"
            ),
        )
        for made in variant.benchmarks
        if made.target in theirs and made.latency_ms.p50 > theirs[made.target] * SLOWER
    )
