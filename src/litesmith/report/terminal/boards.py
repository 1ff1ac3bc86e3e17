"""What a benchmark gave beside the table of a target: boards side by side, threads, sustained runs, operators."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from litesmith.core.benchmark import Benchmark, OpProfile
from litesmith.core.results import Status, Variant
from litesmith.core.units import format_latency, format_percent
from litesmith.report.benchmark_lines import board_text, profile_line, state_text, sustained_lines, times_text
from litesmith.report.figures import DASH, benchmark_on, targets
from litesmith.report.terminal.plain import Name, heading, plain_table
from litesmith.report.text import clean, count

_MOST_OPS = 20


def boards_table(variants: Sequence[Variant]) -> RenderableType | None:
    """Return p50 and p99 of each variant with a column for each target; None where there is one target only."""
    found = targets(variants)
    if len(found) < 2:
        return None
    usable = [variant for variant in variants if variant.status is Status.OK]
    headers = []
    for target in found:
        flags = [state_text(made) for v in usable if (made := benchmark_on(v, target))]
        flag = next((one for one in flags if one), "")
        headers.append(clean(target) + (f" ({flag})" if flag else ""))
    rows: list[list[RenderableType]] = [
        [Name(variant.scheme), *(board_text(benchmark_on(variant, target)) for target in found)] for variant in usable
    ]
    table = plain_table(("p50 / p99", *headers), rows, right=range(1, len(found) + 1))
    return Group(heading("Boards side by side"), table, Text(""))


def extras(variants: Sequence[Variant], target: str) -> Iterator[RenderableType]:
    """Yield what was asked for beside latency on a target."""
    made = [(v.scheme, found) for v in variants if (found := benchmark_on(v, target))]
    counts = list(dict.fromkeys(one.threads for _, found in made for one in found.by_threads))
    if counts:
        word = "average" if any(one.summary_ms for _, found in made for one in found.by_threads) else "p50 / p99"
        headers = (word, *(count(n, "thread") for n in counts))
        rows = [_threads(name, found, counts) for name, found in made]
        yield plain_table(headers, rows, right=range(1, len(counts) + 1))
    for name, line in sustained_lines(variants, target):
        yield _said(name, line)
    for name, found in made:
        if found.op_profile is not None:
            yield _said(name, profile_line(found.op_profile))
            yield from _operators(found.op_profile)
        if found.note and not found.emulated:
            yield _said(name, found.note)


def _threads(name: str, made: Benchmark, counts: Sequence[int]) -> list[RenderableType]:
    times = {one.threads: times_text(one.latency_ms, one.summary_ms) for one in made.by_threads}
    return [Name(name), *(times.get(n, DASH) for n in counts)]


def _operators(made: OpProfile) -> Iterator[RenderableType]:
    slowest = sorted(made.ops, key=lambda op: -op.ms)
    rows: list[list[RenderableType]] = [
        [op.op, Name(op.name), format_latency(op.ms), format_percent(op.ms / max(made.sum_ms, 1e-9))]
        for op in slowest[:_MOST_OPS]
    ]
    yield plain_table(("operator", "output", "time", "share"), rows, right=(2, 3))
    if len(slowest) > _MOST_OPS:
        yield Text(f"The slowest {_MOST_OPS} of {len(slowest)}; --json has all.", style="dim")


def _said(name: str, line: str) -> Text:
    return Text.assemble((f"{clean(name)}: ", "bold"), clean(line), overflow="fold")
