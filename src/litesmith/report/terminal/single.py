"""Tables for a single verb: evaluating or benchmarking some variants."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from litesmith.core.results import Variant
from litesmith.report.benchmark_lines import device_lines
from litesmith.report.figures import DASH, Row, evaluation_of, rows_of, targets, value_text
from litesmith.report.terminal.boards import boards_table, extras
from litesmith.report.terminal.columns import benchmark_columns, evaluation_columns, name_column, suited
from litesmith.report.terminal.fitting import Column, FittingTable, note
from litesmith.report.text import clean
from litesmith.report.wording import evaluation_line, verdict_line

_BENCHMARK_LAYOUTS = (
    ("variant", "p50", "p90", "p99", "throughput", "speed_up", "load", "first", "memory", "model_memory"),
    ("variant", "p50", "p90", "p99", "speed_up", "load", "first", "memory", "model_memory"),
    ("variant", "p50", "p90", "p99", "speed_up", "first", "memory"),
    ("variant", "p50", "p90", "p99", "speed_up", "memory"),
    ("variant", "p50", "p90", "p99", "speed_up"),
    ("variant", "p50", "p90", "speed_up"),
    ("variant", "p50"),
)


def evaluation_table(variants: Sequence[Variant]) -> RenderableType:
    """Return the table of what evaluation found: every metric, paired differences, p-values and agreement."""
    sample = evaluation_of(variants)
    columns = {"variant": name_column(), **evaluation_columns(sample, reference=_reference(variants))}
    others = tuple(name for name in _other_metrics(variants) if name != "agreement")  # it has a column of its own
    columns |= {f"metric {name}": _metric_column(name) for name in others}
    extra = tuple(f"metric {name}" for name in others)
    both = ("variant", "value", "value_interval", "difference_both", "p_value", "agreement")
    layouts = (
        (*both, *extra),
        both,
        ("variant", "value", "value_interval", "difference_both", "p_value"),
        ("variant", "value", "difference_both", "p_value", "agreement"),
        ("variant", "value", "difference_both"),
        ("variant", "value", "difference", "p_value"),
        ("variant", "value", "difference"),
    )
    notes = [note(line) for line in (evaluation_line(variants), verdict_line(variants)) if line]
    return FittingTable(rows_of(variants), columns, layouts=layouts, notes=notes)


def benchmark_table(variants: Sequence[Variant], *, only: Sequence[str] | None = None) -> RenderableType:
    """Return the boards side by side, then one table per target: percentiles, speed-up, loading and memory.

    Args:
        variants: In the order to show.
        only: Targets to show; None is all of them.
    """
    found = (targets(variants) or ("",)) if only is None else tuple(only)
    titled = only is not None or len(found) > 1
    tables: list[RenderableType] = []
    if only is None and (together := boards_table(variants)) is not None:
        tables.append(together)
    for target in found:
        shown = rows_of(variants, target=target)
        if titled:
            shown = tuple(row for row in shown if row.benchmark)
            tables.append(Text(clean(target), style="bold", overflow="fold"))
        columns = {"variant": name_column(), **benchmark_columns(shown)}
        layouts = suited(_BENCHMARK_LAYOUTS, shown)
        notes = [note(line) for line in device_lines(variants, only=(target,))]
        tables.append(FittingTable(shown, columns, layouts=layouts, notes=notes))
        tables += extras(variants, target)
    return Group(*tables)


def _reference(variants: Sequence[Variant]) -> str:
    """Return what to call the reference: its name, or `float` for the float model."""
    name = next((v.scheme for v in variants if v.reference), "float32")
    return "float" if name == "float32" else name


def _other_metrics(variants: Sequence[Variant]) -> list[str]:
    names: dict[str, None] = {}
    for variant in variants:
        if made := variant.evaluation:
            names |= dict.fromkeys(m.metric for m in made.metrics if m.metric != made.metric)
    return list(names)


def _metric_column(name: str) -> Column:
    def text(row: Row) -> str:
        made = row.variant.evaluation
        found = next((m for m in made.metrics if m.metric == name), None) if made else None
        return value_text(found.value, clean(found.unit)) if found else DASH

    return Column(header=clean(name), text=text)
