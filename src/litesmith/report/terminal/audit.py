"""The audit of a .tflite on the terminal: the verdict first, then what it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from litesmith.core.audit import Audit, HealthIssue, Inspected
from litesmith.core.delegates import How
from litesmith.core.results import Variant
from litesmith.core.severity import Severity
from litesmith.core.units import format_size
from litesmith.report.audit_lines import (
    arena_bytes,
    broken,
    delegate_line,
    delegate_short_text,
    demand_line,
    expected_line,
    foreign_line,
    health_counts_text,
    island_line,
    island_title_text,
    kept,
    memory_line,
    minimum_text,
    names_text,
    places_text,
    precision_text,
    refusal_lines,
    runtime_text,
    work_line,
)
from litesmith.report.figures import DASH
from litesmith.report.terminal.audit_tables import ends_table, metadata_rows, operators_table, shares_table
from litesmith.report.terminal.plain import ByWidth, Name, Screen, facts, heading, plain_table
from litesmith.report.text import clean, count, sentence, shortened

_ISSUES = 8
_ISLANDS = 6
_TOP = 12
_WIDE = 96
"""Columns from which the audits of variants are listed with their memory."""
_STYLES = {Severity.INFO: "cyan", Severity.WARNING: "yellow", Severity.ERROR: "bold red"}
_LABELS = {Severity.INFO: "note", Severity.WARNING: "warning", Severity.ERROR: "error"}
Fact = tuple[str, RenderableType]


def audit_text(made: Inspected, *, ops: bool = False, page: str = "") -> RenderableType:
    """Return the audit: the verdict first, then health, inputs and outputs, sizes.

    Args:
        made: The audited file.
        ops: Whether the table of all operators follows.
        page: The page that is written too; without one the last line tells how to get one.
    """
    audit, graph = made.audit, made.graph
    operators = sum(len(subgraph.ops) for subgraph in graph.subgraphs)
    parts: list[RenderableType] = [_headline(made), Text(""), facts(_verdict(audit, operators))]
    if audit.health:
        parts += [Text(""), heading("Quantization health", health_counts_text(audit.health))]
        parts.append(facts(_health(audit.health)))
    parts += [Text(""), heading("Inputs and outputs"), *ends_table(audit)]
    parts += [Text(""), shares_table("operator", audit.by_op, audit.macs, most=_TOP)]
    parts += [Text(""), shares_table("layer", audit.by_layer, audit.macs, most=_TOP)]
    if rows := [*metadata_rows(audit)]:
        parts += [Text(""), facts(rows)]
    if ops:
        for subgraph in graph.subgraphs:
            parts += [Text(""), *operators_table(subgraph, audit, several=len(graph.subgraphs) > 1)]
    more = [f"all {count(operators, 'operator')}: --ops"] if not ops else []
    more += ["a page with the graph: --html audit.html"] if not page else []
    if more:
        parts += [Text(""), Text(f"More: {'; '.join(more)}", style="dim", overflow="fold")]
    return Screen(parts)


def _headline(made: Inspected) -> Text:
    bad = bool(broken(made.audit))
    return Text.assemble(
        (clean(shortened(made.file, 200)), "bold"),
        "  ",
        (precision_text(made.audit), "bold red" if bad else "bold green"),
        f"  {format_size(made.audit.size_bytes)}",
        overflow="fold",
    )


def _verdict(audit: Audit, operators: int) -> Iterator[Fact]:
    for expected in broken(audit):
        yield "Broken", _line(expected_line(expected), "bold red")
    if met := kept(audit):
        yield "Kept", _line(", ".join(expected.text for expected in met), "green")
    yield "Work", _line(work_line(audit, operators))
    yield "Memory", _line(memory_line(audit.memory))
    for island in audit.islands[:_ISLANDS]:
        text = _line(island_title_text(island), "bold yellow")
        text.append(f"\n{clean(sentence(island.why))} " if island.why else "\n")
        text.append(clean(sentence(island_line(island))), style="dim")
        yield "Float island", text
    if len(audit.islands) > _ISLANDS:
        yield "Float island", _line(f"and {len(audit.islands) - _ISLANDS} more; all are in --json and --html", "yellow")
    for foreign in audit.foreign_ops:
        yield "Not built in", _line(foreign_line(foreign), "yellow")
    for need in audit.runtimes:
        text = _line(f"{need.runtime}: {runtime_text(need)}", "" if need.minimum else "red")
        text.append(f"  {clean(need.note)}" if need.note else "", style="dim")
        yield "Runs on", text
    if line := demand_line(audit.demands):
        yield "Runs on", _line(line, "dim")
    for use in audit.delegates:
        text = Text.assemble((f"{clean(use.delegate)}: ", "bold"), clean(delegate_line(use)), overflow="fold")
        for left in refusal_lines(use):
            text.append(f"\n{clean(shortened(left, 300))}", style="dim")
        yield "Delegates", text


def _health(health: Sequence[HealthIssue]) -> Iterator[Fact]:
    for issue in health[:_ISSUES]:
        text = Text(overflow="fold")
        text.append(f"{_LABELS[issue.severity]}  ", style=_STYLES[issue.severity])
        text.append(clean(issue.message))
        where = places_text(issue.ops)
        text.append(f" ({clean(where)})" if where else "", style="dim")
        text.append(f"\n{clean(issue.hint)}" if issue.hint else "", style="dim")
        yield issue.code, text
    if len(health) > _ISSUES:
        yield "", _line(f"{len(health) - _ISSUES:,} more; all are in --json and --html", "dim")


def _line(text: str, style: str = "") -> Text:
    return Text(clean(text), style=style, overflow="fold")


def audits_table(variants: Sequence[Variant]) -> RenderableType | None:
    """Return one row per audited variant: precision, islands, runtime, memory, delegates; None without any."""
    found = [(v, v.audit) for v in variants if v.audit is not None]
    if not found:
        return None
    delegates = list(dict.fromkeys(use.delegate for _, audit in found for use in audit.delegates))
    rows: list[list[RenderableType]] = []
    for variant, audit in found:
        taken = {use.delegate: delegate_short_text(use) for use in audit.delegates}
        arena = arena_bytes(audit)
        style = "yellow" if audit.islands else ""
        rows.append(
            [
                Name(variant.scheme, most=24, least=16),
                Name(precision_text(audit), style=style, most=40),
                minimum_text(audit),
                DASH if arena is None else format_size(arena),
                *(taken.get(name, DASH) for name in delegates),
            ]
        )
    columns = ("audit", "computes in", "TFLite", "memory", *map(clean, delegates))

    measured = {use.delegate for _, audit in found for use in audit.delegates if use.how is How.MEASURED}
    known = (
        "Delegates: operators taken, in how many partitions; "
        f"{names_text([name for name in delegates if name in measured], 8) or 'none'} measured here, "
        f"{names_text([name for name in delegates if name not in measured], 8) or 'none'} by Litesmith's tables."
    )

    def table(width: int) -> RenderableType:
        if width >= _WIDE:
            note = f"TFLite: oldest release. Memory: of activations. {known}"
            return Group(plain_table(columns, rows), Text(clean(note), style="dim", overflow="fold"))
        narrow = plain_table(columns[:3] + columns[4:], [row[:3] + row[4:] for row in rows])
        return Group(narrow, Text(clean(f"TFLite: oldest release. {known}"), style="dim", overflow="fold"))

    lines: list[RenderableType] = [ByWidth(table)]
    claims: dict[str, list[str]] = {}
    for variant, audit in found:
        for expected in broken(audit):
            claims.setdefault(expected.text, []).append(variant.scheme)
    for text, schemes in claims.items():
        line = f"{clean(shortened(text, 80))} ({clean(names_text(schemes, 8))})"
        lines.append(Text.assemble(("Broken promise: ", "red"), line, overflow="fold"))
    return Screen(lines)
