"""The columns tables of variants are made of."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from litesmith.core.results import Evaluation
from litesmith.core.units import format_percent, format_rate, format_size
from litesmith.report.figures import (
    DASH,
    Row,
    clearly_worse,
    difference_interval_text,
    difference_text,
    difference_unit,
    instructions_text,
    interval_text,
    is_reference,
    latency_text,
    p_value_text,
    ratio_text,
    value_text,
)
from litesmith.report.terminal.fitting import Column
from litesmith.report.text import clean

_NAME_COLUMNS = 24


def name_column() -> Column:
    """Return the column of scheme names; long ones are cut."""

    def text(row: Row) -> Text:
        name = Text(clean(row.variant.scheme))
        name.truncate(_NAME_COLUMNS, overflow="ellipsis")
        return name

    return Column(header="variant", text=text, justify="left")


def file_columns() -> dict[str, Column]:
    """Return the columns about the file."""
    return {
        "size": Column(header="size", text=lambda r: _size(r.variant.size_bytes)),
        "ratio": Column(header="of float", text=lambda r: _share(r.size_ratio)),
    }


def evaluation_columns(sample: Evaluation | None, *, reference: str = "float") -> dict[str, Column]:
    """Return the columns about accuracy; `sample` names the metric, `reference` what differences are to."""
    metric = clean(sample.metric) if sample else "accuracy"
    unit = f" ({clean(difference_unit(sample.unit))})" if sample else ""
    return {
        "value": Column(header=metric, text=_value),
        "value_interval": Column(header="95 % interval", text=lambda r: _interval(r.variant.evaluation)),
        "difference": Column(header=f"to {clean(reference)}", text=_difference),
        "difference_interval": Column(
            header=f"95 % paired{unit}", text=lambda r: _difference_interval(r.variant.evaluation, r)
        ),
        "difference_both": Column(header=f"to {clean(reference)}, 95 %{unit}", text=_difference_both),
        "p_value": Column(header="p", text=_p_value),
        "agreement": Column(header="agreement", text=lambda r: _agreement(r.variant.evaluation)),
    }


def benchmark_columns(rows: Sequence[Row] = ()) -> dict[str, Column]:
    """Return the columns about speed and memory; `instructions` and `to_float` stand for times of emulated CPUs.

    The column `p50` is headed by what it holds, which is the average where nothing else is known of any of the rows.
    """
    words = dict.fromkeys(row.benchmark.typical_word for row in rows if row.benchmark)
    return {
        "p50": Column(header=" or ".join(words) or "p50", text=lambda r: latency_text(r.typical_ms)),
        "p90": Column(header="p90", text=lambda r: _latency(r, "p90")),
        "p99": Column(header="p99", text=lambda r: _latency(r, "p99")),
        "throughput": Column(header="per second", text=_throughput),
        "speed_up": Column(header="speed-up", text=lambda r: ratio_text(r.speed_up)),
        "load": Column(header="load", text=lambda r: latency_text(r.benchmark.load_ms if r.benchmark else None)),
        "first": Column(
            header="first run", text=lambda r: latency_text(r.benchmark.first_inference_ms if r.benchmark else None)
        ),
        "memory": Column(
            header="peak memory", text=lambda r: _size(r.benchmark.peak_memory_bytes if r.benchmark else None)
        ),
        "model_memory": Column(
            header="of it model", text=lambda r: _size(r.benchmark.model_memory_bytes if r.benchmark else None)
        ),
        "instructions": Column(header="instructions", text=lambda r: instructions_text(r.benchmark)),
        "to_float": Column(header="of float", text=lambda r: _share(r.instruction_ratio)),
    }


_TIMES = ("p50", "p90", "p99", "throughput", "speed_up", "load", "first")


def without_times(layouts: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Return layouts for an emulated CPU: instructions stand where the first time was, and no other times.

    >>> without_times([("variant", "p50", "p90", "memory")])
    [('variant', 'instructions', 'to_float', 'memory')]
    """
    found = []
    for layout in layouts:
        place = next((i for i, name in enumerate(layout) if name in _TIMES), len(layout))
        kept = [name for name in layout[place:] if name not in _TIMES]
        found.append((*layout[:place], "instructions", "to_float", *kept))
    return list(dict.fromkeys(found))


def suited(layouts: Sequence[tuple[str, ...]], rows: Sequence[Row]) -> Sequence[tuple[str, ...]]:
    """Return layouts for what is known: no times of an emulated CPU, no percentiles where there are averages only."""
    made = [row.benchmark for row in rows if row.benchmark]
    if any(one.emulated for one in made):
        return without_times(layouts)
    if made and all(one.latency_ms is None for one in made):
        return list(dict.fromkeys(tuple(name for name in one if name not in ("p90", "p99")) for one in layouts))
    return layouts


def _latency(row: Row, which: str) -> str:
    made = row.benchmark.latency_ms if row.benchmark else None
    return latency_text(getattr(made, which) if made else None)


def _throughput(row: Row) -> str:
    rate = row.benchmark.throughput_per_s if row.benchmark else None
    return DASH if rate is None else format_rate(rate)


def _size(size_bytes: int | None) -> str:
    return format_size(size_bytes) if size_bytes else DASH


def _share(ratio: float | None) -> str:
    return DASH if ratio is None else format_percent(ratio, digits=0)


def _value(row: Row) -> str:
    made = row.variant.evaluation
    return value_text(made.value, made.unit) if made else DASH


def _interval(made: Evaluation | None) -> str:
    return interval_text(made.interval, made.unit) if made else DASH


def _difference(row: Row) -> Text:
    made = row.variant.evaluation
    if made is None or is_reference(row.variant):
        return Text(DASH)
    return Text(difference_text(made.difference, made.unit), style="yellow" if clearly_worse(made) else "")


def _difference_interval(made: Evaluation | None, row: Row) -> str:
    return (
        DASH
        if made is None or is_reference(row.variant)
        else difference_interval_text(made.difference_interval, made.unit)
    )


def _difference_both(row: Row) -> Text:
    text = _difference(row)
    if text.plain != DASH:
        text.append(f" ({_difference_interval(row.variant.evaluation, row)})", style="")
    return text


def _agreement(made: Evaluation | None) -> str:
    return DASH if made is None or made.agreement is None else format_percent(made.agreement)


def _p_value(row: Row) -> str:
    return p_value_text(row.variant.evaluation.p_value if row.variant.evaluation else None)
