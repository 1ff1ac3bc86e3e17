"""Rows of `int8_accuracy.py`: every model evaluated on the same samples, timed together, and shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from int8_job import Job, Ready
from int8_made import USUAL, Made
from rich.box import SIMPLE
from rich.table import Table

from litesmith import api
from litesmith.core.audit import Precision
from litesmith.core.results import Variant

FLOAT = "float32"
WIDTH = 150


@dataclass(frozen=True, kw_only=True)
class Row:
    """What was measured of one model. Fractions are 0..1, intervals 95 %; None is what was not measured.

    Attributes:
        name: What the table calls it.
        note: How it was made, or why it could not be made or run.
        seconds: What making it took.
        n: Samples evaluated.
        top1: Fraction with the right class.
        top1_interval: Wilson's.
        agreement: Fraction with float's class.
        agreement_interval: Wilson's.
        difference: Top-1 less float's, on the same samples.
        difference_interval: Tango's.
        p_value: McNemar's exact, two-sided.
        latency_ms: Median of one inference, one thread.
        latency_ratio: To the TFLiteConverter's int8 model.
        size_bytes: Of the file.
        integer: Whether every operator is an integer one.
    """

    name: str
    note: str
    seconds: float
    n: int | None = None
    top1: float | None = None
    top1_interval: tuple[float, float] | None = None
    agreement: float | None = None
    agreement_interval: tuple[float, float] | None = None
    difference: float | None = None
    difference_interval: tuple[float, float] | None = None
    p_value: float | None = None
    latency_ms: float | None = None
    latency_ratio: float | None = None
    size_bytes: int | None = None
    integer: bool | None = None


def measured(job: Job, ready: Ready, made: Sequence[Made], *, runs: int) -> list[Row]:
    """Return a row for float32 and one for each model; with 0 `runs` nothing is timed."""
    original = Made(name=FLOAT, file=ready.float_model, seconds=0.0, note="what the others are compared with")
    every = [original, *made]
    files = [entry.file for entry in every if entry.file is not None]
    found = api.evaluate(files, ready.evaluation, seed=job.seed, **job.preprocessing)
    evaluated = dict(zip(files, found.variants, strict=True))
    latencies = timed(files, runs=runs)
    usual = next((latencies.get(entry.file) for entry in made if entry.name == USUAL and entry.file), None)
    return [row(entry, evaluated, latencies, usual) for entry in every]


def timed(files: Sequence[Path], *, runs: int) -> dict[Path | None, float]:
    """Return the median latency of each file in ms, measured interleaved on this machine."""
    if not runs:
        return {}
    found = api.benchmark(files, runs=runs)
    pairs = zip(files, found.variants, strict=True)
    return {file: variant.benchmarks[0].latency_ms.p50 for file, variant in pairs if variant.benchmarks}


def row(made: Made, evaluated: dict[Path, Variant], latencies: dict[Path | None, float], usual: float | None) -> Row:
    """Return one model's row."""
    if made.file is None:
        return Row(name=made.name, note=made.note, seconds=made.seconds)
    variant, latency_ms = evaluated[made.file], latencies.get(made.file)
    facts: dict[str, Any] = {"size_bytes": made.file.stat().st_size, "latency_ms": latency_ms}
    if latency_ms is not None and usual is not None:
        facts["latency_ratio"] = latency_ms / usual
    facts["integer"] = api.inspect(made.file).audit.precision is Precision.FULL_INT8
    evaluation = variant.evaluation
    if evaluation is None:
        return Row(name=made.name, note=variant.reason, seconds=made.seconds, **facts)
    facts["n"] = evaluation.n
    for value in evaluation.metrics:
        if value.metric in ("top1", "agreement"):
            facts[value.metric], facts[f"{value.metric}_interval"] = value.value, value.interval
    if evaluation.metric == "top1" and not variant.reference:
        facts["difference"], facts["difference_interval"] = evaluation.difference, evaluation.difference_interval
        facts["p_value"] = evaluation.p_value
    return Row(name=made.name, note=made.note, seconds=made.seconds, **facts)


def table(rows: Sequence[Row], *, title: str) -> Table:
    """Return the rows for the terminal, but for their notes; it takes `WIDTH` columns."""
    shown = Table(title=title, title_justify="left", box=SIMPLE, padding=(0, 1, 0, 0))
    shown.add_column("model", overflow="fold")
    for name in ("top-1, %", "agreement, %", "difference, points", "p", "ms", "ratio", "s", "MB", "integer"):
        shown.add_column(name, justify="right", no_wrap=True)
    for entry in rows:
        shown.add_row(
            entry.name,
            with_interval(entry.top1, entry.top1_interval),
            with_interval(entry.agreement, entry.agreement_interval),
            with_interval(entry.difference, entry.difference_interval, sign="+"),
            "" if entry.p_value is None else f"{entry.p_value:.2g}",
            "" if entry.latency_ms is None else f"{entry.latency_ms:.3f}",
            "" if entry.latency_ratio is None else f"{entry.latency_ratio:.2f}",
            f"{entry.seconds:.1f}" if entry.seconds else "",
            "" if entry.size_bytes is None else f"{entry.size_bytes / 1e6:.2f}",
            {True: "yes", False: "no", None: ""}[entry.integer],
        )
    return shown


def with_interval(value: float | None, interval: tuple[float, float] | None, *, sign: str = "") -> str:
    """Return a fraction in percent with its interval.

    >>> with_interval(0.5, (0.4, 0.6))
    '50.00 (40.0 to 60.0)'
    """
    if value is None or interval is None:
        return ""
    low, high = (f"{100 * end:{sign}.1f}" for end in interval)
    return f"{100 * value:{sign}.2f} ({low} to {high})"


def plain(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return the rows for JSON."""
    return [asdict(entry) for entry in rows]
