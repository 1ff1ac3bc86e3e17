"""Latencies as bars, and differences to float as whiskers."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from litesmith.core.results import Evaluation
from litesmith.core.units import format_latency
from litesmith.report.figures import Row, clearly_worse, is_reference
from litesmith.report.page.scales import Scale
from litesmith.report.page.scatter import Tick
from litesmith.report.text import clean

_NAME_LETTERS = 22


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One variant's latency: a bar to p50, a whisker to p99 with a mark at p90; `cut` when p99 lies beyond the axis."""

    y: float
    label: str
    label_x: float
    label_y: float
    p50: float
    p90: float
    p99: float
    cut: bool
    value: str
    tooltip: str
    recommended: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """A drawing of `width` x `height` pixels whose bars begin at `left`."""

    width: int
    height: int
    left: float
    bottom: float
    thickness: float
    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]


def latency_bars(rows: Sequence[Row], *, width: int) -> Bars | None:
    """Return the drawing of every timed variant, or None when there is none. Narrow ones have labels above bars."""
    found = [(r, r.benchmark.latency_ms if r.benchmark else None) for r in rows]
    timed = [(r, made) for r, made in found if made and math.isfinite(made.p99)]
    if not timed:
        return None
    narrow = width < 500
    left, right = (2.0, width - 64.0) if narrow else (150.0, width - 84.0)
    step, thickness = (38.0, 12.0) if narrow else (30.0, 14.0)
    # Neither a stray p99 nor one slow variant must flatten every bar; what lies beyond the axis gets an arrow.
    p90s = [t.p90 for _, t in timed]
    high = min(max(t.p99 for _, t in timed), 2 * max(p90s), 6 * statistics.median(p90s)) or 1.0
    x = Scale(low=0.0, high=high, start=left, end=right)
    bars = []
    for i, (row, time) in enumerate(timed):
        top = 6 + i * step + (17 if narrow else 0)
        name = clean(row.variant.scheme)
        bars.append(
            Bar(
                y=top,
                label=name if len(name) <= _NAME_LETTERS else f"{name[: _NAME_LETTERS - 1]}…",
                label_x=left if narrow else left - 12,
                label_y=top - 5 if narrow else top + thickness - 3,
                p50=x.at(time.p50),
                p90=x.at(time.p90),
                p99=x.at(time.p99),
                cut=time.p99 > high,
                value=format_latency(time.p50),
                tooltip=(
                    f"{row.variant.scheme}: p50 {format_latency(time.p50)}, p90 {format_latency(time.p90)}, "
                    f"p99 {format_latency(time.p99)}"
                ),
                recommended=row.recommended,
            )
        )
    bottom = 6 + len(timed) * step + (4 if narrow else -2)
    shown = tuple(Tick(at=x.at(v), text=format_latency(v) if v else "0") for v in x.ticks(3 if narrow else 6))
    return Bars(
        width=width,
        height=int(bottom + 26),
        left=left,
        bottom=bottom,
        thickness=thickness,
        bars=tuple(bars),
        ticks=shown,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Whisker:
    """One difference with its interval; `cut` when it lies outside the axis."""

    low: float
    middle: float
    high: float
    cut: bool
    worse: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Whiskers:
    """Differences on a common axis, one per row or None; `limit` is the largest loss the user allows."""

    width: int
    zero: float
    limit: float | None
    rows: tuple[Whisker | None, ...]


def difference_whiskers(rows: Sequence[Row], *, max_drop: float | None, width: int) -> Whiskers | None:
    """Return the whiskers of all evaluated variants but float32, or None when there is none.

    One variant that lost everything must not flatten the rest: the axis leaves out what reaches further
    than four times the median, and an arrow stands for it.
    """
    made = [None if is_reference(r.variant) else r.variant.evaluation for r in rows]
    found = [e for e in made if e and _finite(e)]
    if not found:
        return None
    limit = None if max_drop is None else (-max_drop if found[0].higher_is_better else max_drop)
    reaches = [max(map(abs, e.difference_interval)) for e in found]
    most = 4 * statistics.median(reaches)
    ends = [v for e, reach in zip(found, reaches, strict=True) if reach <= most for v in e.difference_interval]
    low, high = min(*ends, limit or 0.0, 0.0), max(*ends, limit or 0.0, 0.0)
    margin = (high - low) * 0.05 or 1e-6
    x = Scale(low=low - margin, high=high + margin, start=4.0, end=width - 4.0)
    return Whiskers(
        width=width,
        zero=x.at(0.0),
        limit=None if limit is None else x.at(limit),
        rows=tuple(_whisker(e, x) if e and _finite(e) else None for e in made),
    )


def _finite(made: Evaluation) -> bool:
    return all(map(math.isfinite, (made.difference, *made.difference_interval)))


def _whisker(made: Evaluation, x: Scale) -> Whisker:
    return Whisker(
        low=x.at(made.difference_interval[0]),
        middle=x.at(made.difference),
        high=x.at(made.difference_interval[1]),
        cut=not x.low <= made.difference <= x.high,
        worse=clearly_worse(made),
    )
