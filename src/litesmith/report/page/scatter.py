"""Accuracy against latency; where nothing was timed against instructions, and without these against size."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from litesmith.core.units import format_instructions, format_latency, format_size
from litesmith.report.figures import Row, evaluation_of, instructions_of, value_text
from litesmith.report.page.scales import Scale, padded
from litesmith.report.text import clean

_LEFT, _RIGHT, _TOP, _BOTTOM = 54.0, 18.0, 14.0, 46.0
_LETTER, _LINE = 6.6, 14.0
_NAME_LETTERS = 18
_FAR = 8
_NEAR = 4.0
# Places for labels that find no room beside their circle: from its centre, in pixels.
_LEADS = tuple(
    (side * across, rise, "start" if side > 0 else "end")
    for rise in (-30.0, 36.0, -48.0, 54.0)
    for across in (14.0, 40.0)
    for side in (1, -1)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One variant on the drawing, with its label beside it or, with `lead`, further off at the end of a line.

    `cut` is one beyond the axis: it stands at the edge and its label has the value.
    """

    x: float
    y: float
    radius: float
    label: str
    label_x: float
    label_y: float
    anchor: str
    lead: bool
    cut: bool
    tooltip: str
    on_frontier: bool
    recommended: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A grid line and what is written at it."""

    at: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scatter:
    """A drawing of `width` x `height` pixels; the plot area lies from left, top to right, bottom."""

    width: int
    height: int
    left: float
    top: float
    right: float
    bottom: float
    x_label: str
    y_label: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    points: tuple[Point, ...]
    frontier: str
    cut: bool
    against: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measure:
    """What is drawn from left to right."""

    name: str
    of: Callable[[Row], float | None]
    form: Callable[[float], str]


def _latency(row: Row, word: str) -> float | None:
    """Return the latency of a variant if it is of that kind."""
    return row.typical_ms if row.benchmark and row.benchmark.typical_word == word else None


_MEASURES = (
    _Measure(name="p50 latency", of=lambda row: _latency(row, "p50"), form=format_latency),
    _Measure(name="average latency", of=lambda row: _latency(row, "average"), form=format_latency),
    _Measure(
        name="instructions (emulated, no latency)",
        of=lambda row: instructions_of(row.benchmark),
        form=format_instructions,
    ),
)
_SIZE = _Measure(name="file size", of=lambda row: float(row.variant.size_bytes), form=format_size)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    row: Row
    x: float
    y: float


def scatter(rows: Sequence[Row], *, width: int, height: int) -> Scatter | None:
    """Return the drawing, or None when fewer than two variants have an accuracy.

    Latency is drawn by its logarithm when the slowest variant takes more than four times the fastest.
    """
    sample = evaluation_of([row.variant for row in rows])
    scored = [r for r in rows if r.ok and r.variant.evaluation and math.isfinite(r.variant.evaluation.value)]
    measure = next((m for m in _MEASURES if sum((m.of(r) or 0) > 0 for r in scored) > 1), _SIZE)
    found = [_Place(row=r, x=measure.of(r) or 0.0, y=_value(r)) for r in scored]
    found = [place for place in found if place.x > 0 or measure is _SIZE]
    if sample is None or len(found) < 2:
        return None
    xs, ys = [p.x for p in found], [p.y for p in found]
    log = max(xs) > 4 * min(xs) > 0
    low, high = (min(xs) * 0.75, max(xs) * 1.35) if log else padded(xs, 0.12, least=max(xs) * 0.1)
    x = Scale(low=max(low, min(xs) * 0.5), high=high, start=_LEFT, end=width - _RIGHT, log=log)
    kept = _comparable(ys, higher=sample.higher_is_better)
    bottom, top = padded(kept, 0.14, least=0.02 if sample.unit == "fraction" else max(map(abs, ys)) * 0.02 or 1.0)
    y = Scale(low=bottom, high=top, start=height - _BOTTOM, end=_TOP)
    best = _frontier(found, higher=sample.higher_is_better)
    how = " (log scale)" if log else ""
    better = "higher" if sample.higher_is_better else "lower"
    return Scatter(
        width=width,
        height=height,
        left=_LEFT,
        top=_TOP,
        right=width - _RIGHT,
        bottom=height - _BOTTOM,
        x_label=f"{measure.name}{how}, lower is better",
        y_label=f"{sample.metric}, {better} is better",
        x_ticks=tuple(Tick(at=x.at(v), text=measure.form(v)) for v in x.ticks(4 if width < 500 else 6)),
        y_ticks=tuple(Tick(at=y.at(v), text=value_text(v, sample.unit)) for v in y.ticks()),
        points=_points(found, best, x, y),
        cut=len(kept) < len(ys),
        frontier=_path(best, x, y),
        against=measure.name,
    )


def _comparable(ys: Sequence[float], *, higher: bool) -> list[float]:
    """Return the values the axis spans: one variant that lost everything must not flatten the rest."""
    top = max(ys) if higher else min(ys)
    losses = [abs(top - y) for y in ys]
    most = 6 * statistics.median(losses)
    return [y for y, loss in zip(ys, losses, strict=True) if loss <= most or most == 0]


def _value(row: Row) -> float:
    made = row.variant.evaluation
    return made.value if made else 0.0


def _frontier(found: Sequence[_Place], *, higher: bool) -> list[_Place]:
    """Return the places nothing beats in the two measures drawn, from left to right."""
    best: list[_Place] = []
    for place in sorted(found, key=lambda p: (p.x, -p.y if higher else p.y)):
        if not best or (place.y > best[-1].y if higher else place.y < best[-1].y):
            best.append(place)
    return best


def _path(best: Sequence[_Place], x: Scale, y: Scale) -> str:
    if not best:
        return ""
    parts = [f"M{x.at(best[0].x)} {y.at(best[0].y)}"]
    parts += [f"H{x.at(place.x)}V{y.at(place.y)}" for place in best[1:]]
    return "".join([*parts, f"H{x.end}"])


def _lines(best: Sequence[_Place], x: Scale, y: Scale) -> list[_Box]:
    """Return the frontier's level parts as thin boxes, for labels to keep clear of."""
    ends = [*(x.at(p.x) for p in best[1:]), x.end]
    return [
        _Box(left=x.at(p.x), top=y.at(p.y) - 2, right=end, bottom=y.at(p.y) + 2)
        for p, end in zip(best, ends, strict=True)
    ]


def _points(found: Sequence[_Place], best: Sequence[_Place], x: Scale, y: Scale) -> tuple[Point, ...]:
    largest = max(p.row.variant.size_bytes for p in found) or 1
    radii = [4 + 10 * math.sqrt(p.row.variant.size_bytes / largest) for p in found]
    taken = [_Box.around(x.at(p.x), y.at(p.y), r + _NEAR) for p, r in zip(found, radii, strict=True)]
    taken += _lines(best, x, y)
    order = sorted(range(len(found)), key=lambda i: not found[i].row.recommended)
    made: dict[int, Point] = {}
    for i in order:
        point, box = _labelled(found[i], x, y, radii[i], [b for k, b in enumerate(taken) if k != i])
        taken.append(box)
        made[i] = point
    # Large circles first, so that small ones stay visible on top of them.
    return tuple(made[i] for i in sorted(made, key=lambda i: -radii[i]))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Box:
    left: float
    top: float
    right: float
    bottom: float

    @staticmethod
    def around(x: float, y: float, radius: float) -> _Box:
        return _Box(left=x - radius, top=y - radius, right=x + radius, bottom=y + radius)

    def overlap(self, other: _Box) -> float:
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(width, 0.0) * max(height, 0.0)


def _labelled(place: _Place, x: Scale, y: Scale, radius: float, taken: Sequence[_Box]) -> tuple[Point, _Box]:
    """Put the label where it covers least: right, left, above, below, then the corners."""
    name = clean(place.row.variant.scheme)
    name = name if len(name) <= _NAME_LETTERS else f"{name[: _NAME_LETTERS - 1]}…"
    cut = not y.low <= place.y <= y.high
    made, speed = place.row.variant.evaluation, place.row.benchmark
    name = f"{name}, {value_text(place.y, made.unit)}" if cut and made else name
    px, py = x.at(place.x), y.at(place.y)
    gap, near = radius + 5, radius * 0.7 + 4
    choices = [
        (px + gap, py + 4, "start"),
        (px - gap, py + 4, "end"),
        (px, py - gap, "middle"),
        (px, py + gap + 9, "middle"),
        (px + near, py - near, "start"),
        (px + near, py + near + 8, "start"),
        (px - near, py - near, "end"),
        (px - near, py + near + 8, "end"),
        *((px + dx, py + dy, anchor) for dx, dy, anchor in _LEADS),
    ]
    plot = _Box(left=x.start, top=y.end, right=x.end, bottom=y.start)

    def cost(choice: tuple[float, float, str]) -> float:
        box = _label_box(choice, name)
        area = (box.right - box.left) * (box.bottom - box.top)
        return sum(box.overlap(other) for other in taken) + 4 * (area - box.overlap(plot))

    # Of equally free places the first; a place that is a line away needs a line to its circle.
    chosen = min(choices, key=lambda c: cost(c) + choices.index(c) + (20 if choices.index(c) >= _FAR else 0))
    facts = [value_text(made.value, made.unit)] if made else []
    facts += [format_latency(speed.typical_ms)] if speed and speed.typical_ms is not None else []
    facts += [f"{format_instructions(count)} instructions"] if (count := instructions_of(speed)) else []
    point = Point(
        x=px,
        y=py,
        radius=round(radius, 2),
        label=name,
        label_x=round(chosen[0], 2),
        label_y=round(chosen[1], 2),
        anchor=chosen[2],
        cut=cut,
        lead=choices.index(chosen) >= _FAR,
        tooltip=f"{place.row.variant.scheme}: {', '.join([*facts, format_size(place.row.variant.size_bytes)])}",
        on_frontier=place.row.variant.on_frontier,
        recommended=place.row.recommended,
    )
    return point, _label_box(chosen, name)


def _label_box(choice: tuple[float, float, str], name: str) -> _Box:
    x, y, anchor = choice
    width = _LETTER * len(name)
    left = {"start": x, "end": x - width, "middle": x - width / 2}[anchor]
    return _Box(left=left, top=y - 11, right=left + width, bottom=y + 3)
