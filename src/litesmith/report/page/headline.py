"""The few numbers the page opens with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from litesmith.core.deployment import Deployment
from litesmith.core.units import format_percent, format_size
from litesmith.report.figures import (
    Row,
    difference_interval_text,
    difference_text,
    difference_unit,
    instructions_text,
    interval_text,
    is_reference,
    latency_text,
    ratio_text,
    value_text,
    verdict_text,
)
from litesmith.report.text import count, sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number with what it is and what qualifies it."""

    label: str
    value: str
    note: str


def key_figures(row: Row) -> tuple[Figure, ...]:
    """Return what was measured of a variant: size, accuracy, difference to float, latency."""
    return tuple(_figures(row))


def _figures(row: Row) -> Iterator[Figure]:
    variant, made = row.variant, row.variant.evaluation
    if variant.size_bytes:
        share = "" if row.size_ratio is None else f"{format_percent(row.size_ratio, digits=0)} of float32"
        yield Figure(label="Size", value=format_size(variant.size_bytes), note=share)
    if made:
        note = f"{interval_text(made.interval, made.unit)} at 95 %, {count(made.n, 'sample')}"
        yield Figure(label=made.metric, value=value_text(made.value, made.unit), note=note)
        if not is_reference(variant):
            unit = difference_unit(made.unit)
            told = f". {sentence(verdict_text(made))}" if made.verdict else ""
            yield Figure(
                label="Difference to float",
                value=f"{difference_text(made.difference, made.unit)} {unit}",
                note=f"{difference_interval_text(made.difference_interval, made.unit)} at 95 %, paired{told}",
            )
    if speed := row.benchmark:
        against = "" if row.speed_up is None else f"{ratio_text(row.speed_up)} as fast as float32, "
        threads = count(speed.threads, "thread")
        if speed.typical_ms is not None:
            held = ", throttled" if speed.throttled else ""
            note = f"{against}{speed.typical_word}, {threads}{held}"
            yield Figure(label="Latency", value=latency_text(speed.typical_ms), note=note)
        elif speed.instructions is not None:
            share = (
                ""
                if row.instruction_ratio is None
                else f"{format_percent(row.instruction_ratio, digits=0)} of float32, "
            )
            note = f"{share}one inference on {speed.target}, emulated: no latency"
            yield Figure(label="Instructions", value=instructions_text(speed), note=note)


def not_measured(deployment: Deployment) -> tuple[str, ...]:
    """Return what the page cannot show, and why."""
    lines = []
    if not any(v.evaluation for v in deployment.variants):
        why = "" if any(d.role == "evaluation" for d in deployment.datasets) else ": there was no evaluation dataset"
        lines.append(f"Accuracy was not measured{why}.")
    if not any(v.benchmarks for v in deployment.variants):
        lines.append("Latency and memory were not measured.")
    elif all(b.emulated for v in deployment.variants for b in v.benchmarks):
        lines.append("Latency was not measured: every target is emulated.")
    return tuple(lines)
