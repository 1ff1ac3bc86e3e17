"""Tables that drop columns instead of breaking lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console, ConsoleOptions, JustifyMethod, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from litesmith.report.figures import DASH, Row
from litesmith.report.text import clean

_UNBOUNDED = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a table of variants.

    Attributes:
        header: What stands above it.
        text: What stands in it for a row.
        justify: Numbers stand right.
    """

    header: str
    text: Callable[[Row], str | Text]
    justify: JustifyMethod = "right"


class FittingTable:
    """A table of variants in the widest layout that fits.

    When not even the narrowest fits, every variant is written as a few lines of its own.

    Args:
        rows: What to show. Failed ones have their reason below the table.
        columns: All columns by name; `variant` is among them.
        layouts: Column names, the widest layout first.
        notes: Lines below the table.
    """

    def __init__(
        self,
        rows: Sequence[Row],
        columns: dict[str, Column],
        *,
        layouts: Sequence[Sequence[str]],
        notes: Sequence[Text] = (),
    ) -> None:
        self.rows = tuple(rows)
        self.columns = columns
        self.layouts = tuple(layouts)
        self.notes = tuple(notes)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for layout in self.layouts:
            table = self.table(layout, ascii_only=options.ascii_only)
            needed = Measurement.get(console, options.update_width(_UNBOUNDED), table).maximum
            if needed <= options.max_width:
                yield table
                break
        else:
            yield from self._stacked()
        for row in self.rows:
            if not row.ok:
                reason = clean(row.variant.reason) or "no reason was given"
                yield Text.assemble((f"{clean(row.variant.scheme)} failed: ", "red"), reason, overflow="fold")
        yield from self.notes

    def table(self, layout: Sequence[str], *, ascii_only: bool = False) -> Table:
        """Return the table with the named columns."""
        table = Table(
            box=box.ASCII2 if ascii_only else box.SIMPLE_HEAD,
            show_edge=False,
            pad_edge=False,
            padding=(0, 1, 0, 0),
            header_style="bold",
        )
        chosen = any(row.recommended for row in self.rows)
        if chosen:
            table.add_column("", no_wrap=True)
        for name in layout:
            table.add_column(Text(self.columns[name].header), justify=self.columns[name].justify, no_wrap=True)
        for row in self.rows:
            mark = (">" if ascii_only else "▸") if row.recommended else ""
            cells = [_cell(self.columns[name], row) for name in layout]
            table.add_row(*([mark] if chosen else []), *cells, style=_style(row))
        return table

    def _stacked(self) -> RenderResult:
        widest = [c for name, c in self.columns.items() if name in self.layouts[0]]
        for row in self.rows:
            title = Text(clean(row.variant.scheme), style=f"bold {_style(row)}".strip(), overflow="fold")
            title.append(" (recommended)" if row.recommended else "")
            yield title
            for column in widest[1:]:
                value = _cell(column, row)
                if value.plain != DASH:
                    yield Text.assemble("  ", (f"{column.header}: ", "dim"), value, overflow="fold")


def _cell(column: Column, row: Row) -> Text:
    value = column.text(row)
    return value if isinstance(value, Text) else Text(value)


def _style(row: Row) -> str:
    if row.recommended:
        return "bold green"
    return "" if row.ok else "dim"


def note(text: str) -> Text:
    """Return a quiet line below a table."""
    return Text(clean(text), style="dim", overflow="fold")
