"""The whole run on one screen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from litesmith.core.deployment import Deployment
from litesmith.core.results import Finding, Severity, SourceInfo, Variant
from litesmith.core.units import format_size
from litesmith.report.correction_lines import corrections_line
from litesmith.report.figures import evaluation_of, findings_of, targets
from litesmith.report.recovery_lines import recovery_lines
from litesmith.report.search_lines import search_lines, search_point_line, search_variants
from litesmith.report.terminal.audit import audits_table
from litesmith.report.terminal.boards import boards_table, extras
from litesmith.report.terminal.single import benchmark_table
from litesmith.report.terminal.variants import variants_table
from litesmith.report.text import clean, count, sentence
from litesmith.report.wording import (
    attempt_line,
    check_line,
    constraint_lines,
    conversion_line,
    dataset_line,
    input_line,
    select_ops_line,
)

_LABELS = {Severity.INFO: "Note", Severity.WARNING: "Warning", Severity.ERROR: "Error"}
_STYLES = {Severity.INFO: "cyan", Severity.WARNING: "yellow", Severity.ERROR: "bold red"}


def summary(deployment: Deployment) -> RenderableType:
    """Return the run: how the model was opened and checked, data, warnings, variants and what is recommended."""
    parts: list[RenderableType] = [_grid(_facts(deployment))]
    if found := findings_of(deployment):
        parts += [Text(""), _grid(_finding(finding, place) for place, finding in found)]
    parts += [Text(""), variants_table(deployment)]
    if (audits := audits_table(deployment.variants)) is not None:
        parts += [Text(""), audits]
    places = targets(deployment.variants)
    parts += extras(deployment.variants, places[0]) if places else ()
    if (together := boards_table(deployment.variants)) is not None:
        parts += [Text(""), together]
    if places[1:]:
        parts += [Text(""), benchmark_table(deployment.variants, only=places[1:])]
    parts += [Text(""), _recommendation(deployment)]
    return Group(*parts)


def _grid(pairs: Iterable[tuple[Text, Text]]) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    before = ""
    for label, text in pairs:
        grid.add_row(label if label.plain != before else "", text)
        before = label.plain
    return grid


def findings_text(findings: Sequence[Finding], *, variants: Sequence[Variant] = ()) -> RenderableType:
    """Return findings with their hints, those on variants with their name; nothing when there are none."""
    found = [("", finding) for finding in findings]
    found += [(variant.scheme, finding) for variant in variants for finding in variant.findings]
    return _grid(_finding(finding, place) for place, finding in found)


def _finding(finding: Finding, place: str) -> tuple[Text, Text]:
    text = Text(overflow="fold")
    text.append(f"{clean(place)}: " if place else "", style="bold")
    text.append(clean(finding.message))
    if finding.sample:
        text.append(f" ({clean(finding.sample)})")
    if finding.hint:
        text.append(f"\n{clean(finding.hint)}", style="dim")
    return Text(_LABELS[finding.severity], style=_STYLES[finding.severity]), text


def _facts(deployment: Deployment) -> Iterator[tuple[Text, Text]]:
    yield _fact("Model", _source_line(deployment.source))
    for action in deployment.source.actions:
        yield _fact("Opening", sentence(action))
    yield _fact("Converted", conversion_line(deployment.conversion))
    for attempt in deployment.conversion.attempts[:-1]:
        yield _fact("Tried first", attempt_line(attempt))
    if deployment.conversion.select_ops is not None:
        yield _fact("Needs", select_ops_line(deployment.conversion.select_ops))
    yield _fact("Check", check_line(deployment.conversion))
    yield _fact("Input", input_line(deployment))
    for dataset in deployment.datasets:
        yield _fact(dataset.role.capitalize(), dataset_line(dataset))
    if not deployment.datasets:
        yield _fact("Data", "None, so accuracy was not measured.")
    if made := deployment.calibration:
        trials = ", ".join(f"{t.calibrator} {t.sqnr_db:.1f} dB" for t in made.trials)
        tried = f" Tried: {trials}." if len(made.trials) > 1 else ""
        ranges = f"{count(made.tensors, 'range')} from {count(made.samples, 'sample')}"
        yield _fact("Ranges", f"{made.calibrator}, {ranges}. {sentence(made.reason)}{tried}")
        if made.stability:
            yield _fact("Ranges", sentence(made.stability.text))
    for variant in deployment.variants:
        if line := corrections_line(variant):
            yield _fact("Corrections", f"{variant.scheme}: {line}")
    if deployment.recovery is not None:
        for line in recovery_lines(deployment.recovery):
            yield _fact("Recovery", line)
    yield from _search(deployment)
    limits = constraint_lines(deployment.constraints, _unit(deployment))
    if limits:
        yield _fact("Limits", "; ".join(limits) + ".")


def _search(deployment: Deployment) -> Iterator[tuple[Text, Text]]:
    made = deployment.search
    if made is not None:
        yield from (_fact("Search", line) for line in search_lines(made))
        yield from (_fact("", search_point_line(point, made)) for point in search_variants(made))


def _fact(label: str, text: str) -> tuple[Text, Text]:
    return Text(clean(label), style="dim"), _line(text)


def _source_line(source: SourceInfo) -> str:
    framework = f", {source.framework}" if source.framework else ""
    return f"{source.path} ({source.kind}, {format_size(source.size_bytes)}{framework})"


def _unit(deployment: Deployment) -> str:
    sample = evaluation_of(deployment.variants)
    return sample.unit if sample else "fraction"


def _line(text: str) -> Text:
    return Text(clean(text), overflow="fold")


def _recommendation(deployment: Deployment) -> RenderableType:
    if deployment.recommended:
        head = Text.assemble(("Recommended: ", "bold"), (clean(deployment.recommended), "bold green"), overflow="fold")
    elif deployment.nearest:
        head = Text.assemble(
            ("No variant qualifies. ", "bold yellow"), f"Nearest: {clean(deployment.nearest)}", overflow="fold"
        )
    else:
        head = Text("No variant is recommended.", style="bold yellow", overflow="fold")
    return Group(head, _line(sentence(deployment.reason)))
