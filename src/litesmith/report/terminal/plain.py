"""Plain tables and names that fit the width they are given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from rich import box
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from litesmith.report.text import clean, shortened

_NARROWEST = 12
_LONGEST = 400
"""Characters of a name that are looked at: one of 100,000 must not slow the table down."""

_ASCII = str.maketrans({"\u2192": ">", "\u00d7": "x", "\u2026": "~"})


class Name:
    """A name from a model on one line, its middle left out where it is too long. Its end tells most.

    Args:
        text: As stored.
        style: For rich.
        most: Columns it takes at most.
        least: Columns it keeps where others can give way.
    """

    def __init__(self, text: str, *, style: str = "", most: int = 72, least: int = _NARROWEST) -> None:
        self.text = shortened(clean(shortened(text, _LONGEST)), most)
        self.style = style
        self.least = min(least, len(self.text))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Text(shortened(self.text, options.max_width), style=self.style, no_wrap=True, overflow="crop")

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(self.least, len(self.text))


def plain_table(
    columns: Sequence[str], rows: Iterable[Sequence[RenderableType]], *, right: Sequence[int] = ()
) -> Table:
    """Return a table in the style of the others. Columns of `Name` give way first where it is too wide.

    Args:
        columns: Headers.
        rows: Cells; text is shown as it is, without markup.
        right: Columns that stand right, counted from 0.
    """
    filled = [[Text(cell) if isinstance(cell, str) else cell for cell in row] for row in rows]
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for place, header in enumerate(columns):
        named = any(isinstance(row[place], Name) for row in filled)
        table.add_column(Text(header), justify="right" if place in right else "left", no_wrap=not named)
    for row in filled:
        table.add_row(*row)
    return table


class Screen:
    """Parts below each other, which a terminal without UTF-8 shows too."""

    def __init__(self, parts: Sequence[RenderableType]) -> None:
        self.parts = Group(*parts)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for segment in console.render(self.parts, options):
            if options.ascii_only and not segment.text.isascii():
                plain = segment.text.translate(_ASCII).encode("ascii", "replace").decode()
                yield Segment(plain, segment.style, segment.control)
            else:
                yield segment


class ByWidth:
    """What is shown depends on the width: `make` is given the columns there are."""

    def __init__(self, make: Callable[[int], RenderableType]) -> None:
        self.make = make

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield self.make(options.max_width)


def facts(pairs: Iterable[tuple[str, RenderableType]]) -> Table:
    """Return labels with what they say, in two columns; a label that repeats is written once."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    before = ""
    for label, value in pairs:
        grid.add_row(Text(label if label != before else "", style="dim"), value)
        before = label
    return grid


def heading(text: str, note: str = "") -> Text:
    """Return a heading with what qualifies it."""
    return Text.assemble((clean(text), "bold"), (f"  {clean(note)}" if note else "", "dim"), overflow="fold")
