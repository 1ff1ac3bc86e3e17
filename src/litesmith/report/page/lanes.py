"""Where the lines of a graph run: one row per operator in execution order, one lane per value that is still needed.

In the manner of a drawing of commits: the chain an operator continues stays in its lane, values that are needed again
later run beside it.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from litesmith.core.graph import FLOATS, Subgraph

MOST_LANES = 14
"""Lanes drawn one by one; all further ones share the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One row: what it reads and makes, by tensor."""

    reads: tuple[int, ...]
    makes: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A piece of line within one row.

    Attributes:
        start: Lane at the top; None when it begins at the row's operator.
        end: Lane at the bottom; None when it ends at the row's operator.
        floating: Whether the value is float.
    """

    start: int | None
    end: int | None
    floating: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One row of the drawing: the operator's lane and the lines that come, go and pass."""

    lane: int
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class _Span:
    """A value on its way down one lane, to the last row that reads it there."""

    lane: int
    floating: bool
    last: int


class _Lanes:
    """Lanes in use, and the lowest free one."""

    def __init__(self) -> None:
        self._free: list[int] = []
        self._next = 0

    def take(self) -> int:
        if self._free:
            return heapq.heappop(self._free)
        self._next += 1
        return self._next - 1

    def give(self, lane: int) -> None:
        heapq.heappush(self._free, lane)


def stops(subgraph: Subgraph) -> list[Stop]:
    """Return the rows of a subgraph: its inputs, its operators, its outputs."""
    rows = [Stop(reads=(), makes=(tensor,)) for tensor in subgraph.inputs]
    rows += [Stop(reads=op.inputs, makes=op.outputs) for op in subgraph.ops]
    return rows + [Stop(reads=(tensor,), makes=()) for tensor in subgraph.outputs]


def places(subgraph: Subgraph, rows: Sequence[Stop]) -> list[Place]:
    """Return where each row's operator stands and which lines its row holds.

    Work grows with rows times `MOST_LANES`, whatever the graph.
    """
    return list(_Drawing(subgraph, rows).places())


class _Drawing:
    """The values on their way, row by row."""

    def __init__(self, subgraph: Subgraph, rows: Sequence[Stop]) -> None:
        self.tensors, self.rows = subgraph.tensors, rows
        self.lanes = _Lanes()
        self.readers: dict[int, list[int]] = {}
        for index, row in enumerate(rows):
            for tensor in dict.fromkeys(row.reads):
                self.readers.setdefault(tensor, []).append(index)
        self.made: set[int] = set()
        self.arriving: dict[int, list[_Span]] = {}
        self.drawn: dict[int, _Span] = {}  # by lane, those with a lane of their own
        self.crowded = 0  # values that share the last lane

    def places(self) -> Iterator[Place]:
        """Yield the rows from the top."""
        for index, row in enumerate(self.rows):
            here = sorted(self.arriving.pop(index, ()), key=lambda span: span.lane)
            ended = [span for span in here if span.last == index]
            lane = ended[0].lane if ended else self.lanes.take()
            lines = [_passing(span) for span in self.drawn.values() if span.last != index]
            lines += [Line(start=_drawn(span.lane), end=None, floating=span.floating) for span in here]
            for span in ended:
                self._end(span, lane)
            if self.crowded:
                lines.append(Line(start=MOST_LANES, end=MOST_LANES, floating=False))
            begun = list(self._begin(index, row, lane))
            if not begun:
                self.lanes.give(lane)
            lines += [Line(start=None, end=_drawn(span.lane), floating=span.floating) for span in begun]
            yield Place(lane=_drawn(lane), lines=tuple(lines))

    def _end(self, span: _Span, lane: int) -> None:
        """Let a value go that was read for the last time; the lane of the row's operator stays taken."""
        if span.lane >= MOST_LANES:
            self.crowded -= 1
        else:
            del self.drawn[span.lane]
        if span.lane != lane:
            self.lanes.give(span.lane)

    def _begin(self, index: int, row: Stop, lane: int) -> Iterator[_Span]:
        """Yield what starts here: the first value in the operator's own lane, what is read again later beside it."""
        free = lane
        for tensor in row.makes:
            ahead = [reader for reader in self.readers.get(tensor, ()) if reader > index]
            if tensor < 0 or tensor in self.made or not ahead:
                continue
            self.made.add(tensor)
            for part in filter(None, (ahead[:1], ahead[1:])):
                own, free = (free if free >= 0 else self.lanes.take()), -1
                span = _Span(own, self.tensors[tensor].dtype in FLOATS, part[-1])
                for reader in part:
                    self.arriving.setdefault(reader, []).append(span)
                if own < MOST_LANES:
                    self.drawn[own] = span
                else:
                    self.crowded += 1
                yield span


def _passing(span: _Span) -> Line:
    return Line(start=span.lane, end=span.lane, floating=span.floating)


def _drawn(lane: int) -> int:
    return min(lane, MOST_LANES)
