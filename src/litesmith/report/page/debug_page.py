"""A debugging session as one HTML page that loads nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from litesmith.core.debugging import Debugging, OpError, Rate
from litesmith.core.units import format_percent
from litesmith.report.debug_lines import cost_text, db_text, grouped, skipped_lines, verdict_line
from litesmith.report.figures import DASH, interval_text
from litesmith.report.page.headline import Figure
from litesmith.report.page.histogram import TensorDrawing, drawing
from litesmith.report.page.render import environment
from litesmith.report.text import count, file_name, sentence, shortened

_NAME = 120
_LEVELS_DB = (40.0, 30.0, 20.0, 12.0, 5.0)
"""SQNR down to which a cell has the first colour, the second, ...; below the last it has the sixth."""
_REGAINED_DB = (0.3, 1.0, 3.0, 8.0, 15.0)
"""The same for what the output regains, upwards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseView:
    """One cause, in the layer it costs most in."""

    name: str
    place: str
    anchor: str
    message: str
    cost: str
    others: tuple[str, ...]
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One operator in the heat map: levels 0 to 5, -1 where nothing was measured."""

    anchor: str
    title: tuple[str, ...]
    levels: tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpRow:
    """One operator in the table."""

    anchor: str
    number: str
    op: str
    layer: str
    cells: tuple[str, ...]
    note: str
    level: int


def render_debugging(made: Debugging) -> str:
    """Return the page. Every text from the models is escaped, and long names are shortened."""
    return (
        environment()
        .get_template("debug.html.j2")
        .render(
            d=made,
            name=shortened(file_name(made.quantized_model), _NAME),
            reference=shortened(file_name(made.float_model), _NAME),
            verdict=sentence(verdict_line(made)),
            figures=tuple(_figures(made)),
            causes=tuple(_causes(made)),
            cells=tuple(_cell(op, place) for place, op in enumerate(made.ops)),
            rows=tuple(_row(op, place) for place, op in enumerate(made.ops)),
            drawings=tuple(_drawings(made)),
            notes=(*map(sentence, made.notes), *map(sentence, skipped_lines(made))),
        )
    )


def _figures(made: Debugging) -> Iterator[Figure]:
    yield Figure(label="SQNR of the output", value=db_text(made.whole.sqnr_db), note=count(made.samples, "sample"))
    if made.whole.agreement is not None:
        yield Figure(
            label="Agreement", value=format_percent(made.whole.agreement.value), note=_ends(made.whole.agreement)
        )
    if made.whole.top1 is not None and made.float_top1 is not None:
        note = f"float {format_percent(made.float_top1.value)}; {_ends(made.whole.top1)}"
        yield Figure(label="Top-1", value=format_percent(made.whole.top1.value), note=note)
    yield Figure(label="Effects measured on", value=f"{made.effect_samples}", note="samples, for each layer alone")


def _ends(rate: Rate) -> str:
    return f"{interval_text(rate.interval, 'fraction')} at 95 %, {count(rate.n, 'sample')}"


def _anchor(place: int) -> str:
    return f"op-{place}"


def _places(made: Debugging) -> dict[tuple[int, str], int]:
    return {(op.index, op.layer): place for place, op in enumerate(made.ops)}


def _causes(made: Debugging) -> Iterator[CauseView]:
    places = _places(made)
    for group in grouped(made.causes):
        cause = group[0]
        yield CauseView(
            name=cause.name,
            place=f"{cause.op} {shortened(cause.layer, _NAME)}",
            anchor=_anchor(places.get((cause.index, cause.layer), 0)),
            message=sentence(cause.message),
            cost=cost_text(cause),
            others=tuple(shortened(other.layer, 60) for other in group[1:]),
            flags=cause.flags,
        )


def level_of(sqnr_db: float | None) -> int:
    """Return the colour of an SQNR, 0 the best; -1 for none.

    >>> level_of(45.0), level_of(15.0), level_of(-3.0), level_of(None)
    (0, 3, 5, -1)
    """
    return -1 if sqnr_db is None else sum(sqnr_db < limit for limit in _LEVELS_DB)


def _regained_level(op: OpError) -> int:
    return -1 if op.regained_db is None else sum(op.regained_db >= limit for limit in _REGAINED_DB)


def _cell(op: OpError, place: int) -> Cell:
    alone = op.only_quantized.sqnr_db if op.only_quantized is not None else None
    title = (
        f"{op.op} {shortened(op.layer, _NAME)}",
        f"alone {db_text(op.local_sqnr_db)}, with all before it {db_text(op.sqnr_db)}",
        f"output with only it quantized {db_text(alone)}",
        f"output regains {_plus(op.regained_db)} with only it float",
    )
    own = op.local_sqnr_db if op.index >= 0 else op.sqnr_db
    levels = (level_of(own), level_of(alone), _regained_level(op))
    return Cell(anchor=_anchor(place), title=title, levels=levels)


def _plus(value: float | None) -> str:
    return DASH if value is None else f"{value:+.1f} dB"


def _row(op: OpError, place: int) -> OpRow:
    alone, floating = (e.sqnr_db if e is not None else None for e in (op.only_quantized, op.only_float))
    cut = op.saturated_low + op.saturated_high
    cells = (
        db_text(op.local_sqnr_db),
        db_text(op.sqnr_db),
        DASH if op.cosine is None else f"{op.cosine:.4f}",
        format_percent(cut, digits=2 if cut else 0),
        DASH if op.bits_used is None else f"{op.bits_used:.1f}",
        f"{op.bias_shift_worst:.2f}",
        db_text(alone),
        db_text(floating),
        _plus(op.regained_db).removesuffix(" dB"),
    )
    return OpRow(
        anchor=_anchor(place),
        number="" if op.index < 0 else str(op.index),
        op=op.op,
        layer=shortened(op.layer, _NAME),
        cells=cells,
        note=shortened(op.note, 300),
        level=level_of(op.local_sqnr_db if op.index >= 0 else op.sqnr_db),
    )


def _drawings(made: Debugging) -> Iterator[tuple[str, str, TensorDrawing]]:
    places = _places(made)
    names = {op.index: op.op for op in made.ops}
    for picture in made.pictures:
        title = f"{names.get(picture.index, '')} {shortened(picture.layer, 80)}".strip()
        yield title, _anchor(places.get((picture.index, picture.layer), 0)), drawing(picture)
