"""The graph of an audited model as rows to draw: lines, operators, float islands and the partitions of delegates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from litesmith.core.audit import Audit
from litesmith.core.delegates import DelegateUse
from litesmith.core.graph import CONVERSIONS, FLOATS, GraphOp, GraphTensor, Subgraph
from litesmith.core.layers import layer_names
from litesmith.core.units import format_size
from litesmith.report.audit_lines import names_text
from litesmith.report.figures import shape_text
from litesmith.report.page.lanes import Line, Place, Stop, places, stops
from litesmith.report.text import count, shortened

HEIGHT, STEP, EDGE = 30, 13, 9
"""Of a row, between lanes and to the side, in pixels."""
MOST_ROWS = 5000
"""Operators drawn; a page with more would be slow."""
_FLAT, _BLOCK, _OPEN = 160, 50, 6
_NAME = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A delegate's part in one row: the partition's number, 0 where it takes nothing; `first` of a run names it."""

    number: int
    first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphRow:
    """One row: an input, an operator or an output.

    Attributes:
        kind: `end`, `op`, `conversion`, `foreign`; decides the shape of the mark.
        number: Position of the operator; empty for ends.
        name: Operator, or `input`.
        layer: Layer, or the tensor's name.
        makes: Type and shape of what it makes.
        title: Lines that are shown on pointing at it.
        island: Number of the float island; 0 for none.
        x: Of the mark.
        floating: Path of float values.
        integer: Path of all others.
        bands: One per delegate.
    """

    kind: str
    number: str
    name: str
    layer: str
    makes: str
    title: tuple[str, ...]
    island: int
    x: int
    floating: str
    integer: str
    bands: tuple[Band, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A run of rows that can be folded away; `title` is empty where all rows are shown as one."""

    title: str
    marks: str
    open: bool
    rows: tuple[GraphRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """The drawing.

    Attributes:
        width: Of the lines, in pixels.
        mixed: Whether both float and quantized values flow, so that they are told apart.
        conversions: Whether there are any.
        blocks: Rows, in execution order.
        delegates: Names, in the order of the bands.
        left_out: Operators beyond the limit.
    """

    width: int
    mixed: bool
    conversions: bool
    blocks: tuple[Block, ...]
    delegates: tuple[str, ...]
    left_out: int


def picture(subgraph: Subgraph, audit: Audit) -> Picture:
    """Return the drawing of the first subgraph."""
    stopping = stops(subgraph)
    placed = places(subgraph, stopping)
    rows = tuple(_rows(subgraph, audit, stopping, placed))
    shown = rows[:MOST_ROWS]
    lanes = [lane for place in placed[:MOST_ROWS] for line in place.lines for lane in (line.start, line.end)]
    widest = max((lane for lane in lanes if lane is not None), default=0)
    return Picture(
        width=2 * EDGE + STEP * widest,
        mixed={"float", "integer"} <= {_flow(tensor) for tensor in subgraph.activations()},
        conversions=any(row.kind == "conversion" for row in shown),
        blocks=tuple(_blocks(shown)),
        delegates=tuple(use.delegate for use in audit.delegates),
        left_out=len(rows) - len(shown),
    )


def _rows(subgraph: Subgraph, audit: Audit, rows: Sequence[Stop], placed: Sequence[Place]) -> Iterator[GraphRow]:
    islands = {r.index: n for n, island in enumerate(audit.islands, 1) for r in island.ops if r.subgraph == 0}
    foreign = {ref.index for made in audit.foreign_ops for ref in made.ops if ref.subgraph == 0}
    partitions = [_partitions(use) for use in audit.delegates]
    names = layer_names(subgraph)
    before: list[int] = [-1] * len(partitions)
    first = len(subgraph.inputs)
    for index, (row, place) in enumerate(zip(rows, placed, strict=True)):
        x = EDGE + STEP * place.lane
        drawn = {
            "x": x,
            "floating": _path(x, [line for line in place.lines if line.floating]),
            "integer": _path(x, [line for line in place.lines if not line.floating]),
        }
        at = index - first
        if not 0 <= at < len(subgraph.ops):
            tensor = subgraph.tensors[(row.makes or row.reads)[0]]
            way = "input" if at < 0 else "output"
            before = [-1] * len(partitions)
            yield GraphRow(
                kind="end",
                number="",
                name=way,
                layer=shortened(tensor.name, _NAME),
                makes=_makes(tensor),
                title=(f"{way} {_tensor(tensor)}",),
                island=0,
                bands=(),
                **drawn,  # type: ignore[arg-type]
            )
            continue
        op = subgraph.ops[at]
        numbers = [taken.get(at, 0) for taken in partitions]
        bands = tuple(Band(number=n, first=n != b) for n, b in zip(numbers, before, strict=True))
        before = numbers
        made = next((subgraph.tensors[i] for i in op.outputs if i >= 0), None)
        yield GraphRow(
            kind="foreign" if at in foreign else "conversion" if op.name in CONVERSIONS else "op",
            number=str(at),
            name=shortened(op.name, 60),
            layer=shortened(names[at], _NAME),
            makes=_makes(made) if made else "",
            title=_title(op, subgraph, names[at]),
            island=islands.get(at, 0),
            bands=bands,
            **drawn,  # type: ignore[arg-type]
        )


def _partitions(use: DelegateUse) -> dict[int, int]:
    return {op: number for number, partition in enumerate(use.partitions, 1) for op in partition.ops}


def _path(x: int, lines: Sequence[Line]) -> str:
    """Return the lines of a row as one SVG path: straight where they pass, curved where they come or go."""
    middle = HEIGHT // 2
    parts = []
    for line in dict.fromkeys(lines):
        if line.start is not None and line.end is not None:
            parts.append(f"M{_at(line.start)} 0V{HEIGHT}")
        elif line.start is not None:
            top = _at(line.start)
            parts.append(f"M{x} 0V{middle}" if top == x else f"M{top} 0Q{top} {middle} {x} {middle}")
        elif line.end is not None:
            end = _at(line.end)
            curve = f"M{x} {middle}Q{end} {middle} {end} {HEIGHT}"
            parts.append(f"M{x} {middle}V{HEIGHT}" if end == x else curve)
    return "".join(parts)


def _at(lane: int) -> int:
    return EDGE + STEP * lane


def _flow(tensor: GraphTensor) -> str:
    """Return whether a value is float or a quantized integer; others, such as a loop's counter, are neither."""
    return "float" if tensor.dtype in FLOATS else "integer" if tensor.scales else ""


def _makes(tensor: GraphTensor) -> str:
    return f"{tensor.dtype} {shape_text(tensor.shape)}"


def _tensor(tensor: GraphTensor) -> str:
    scale = ""
    if tensor.scales:
        several = f", first of {tensor.scales} along axis {tensor.axis}" if tensor.scales > 1 else ""
        scale = f", scale {tensor.scale:.6g}, zero point {tensor.zero_point}{several}"
    kept = f", constant of {format_size(tensor.size_bytes)}" if tensor.constant else ""
    return f"{shortened(tensor.name, _NAME)}: {_makes(tensor)}{scale}{kept}"


def _title(op: GraphOp, subgraph: Subgraph, layer: str) -> tuple[str, ...]:
    lines = [f"{op.index} {shortened(op.name, 60)} version {op.version}", f"layer {shortened(layer, _NAME)}"]
    for way, indices in (("reads", op.inputs), ("makes", op.outputs)):
        tensors = [subgraph.tensors[i] for i in indices if i >= 0]
        lines += [f"{way} {_tensor(tensor)}" for tensor in tensors[:6]]
        lines += [f"{way} {len(tensors) - 6} more"] if len(tensors) > 6 else []
    if op.options:
        lines.append(", ".join(f"{key} {value}" for key, value in op.options.items()))
    if op.calls:
        lines.append(f"runs subgraphs {', '.join(map(str, op.calls))}")
    return tuple(lines)


def _blocks(rows: Sequence[GraphRow]) -> Iterator[Block]:
    if len(rows) <= _FLAT:
        yield Block(title="", marks="", open=True, rows=tuple(rows))
        return
    opened = 0
    for start in range(0, len(rows), _BLOCK):
        part = tuple(rows[start : start + _BLOCK])
        marked = any(row.island or row.kind == "foreign" for row in part)
        shows = start == 0 or (marked and opened < _OPEN)
        opened += shows
        yield Block(title=_block_title(part), marks=_marks(part), open=shows, rows=part)


def _block_title(rows: Sequence[GraphRow]) -> str:
    numbers = [row.number for row in rows if row.number]
    kinds = Counter(row.name for row in rows if row.number)
    span = f"{numbers[0]} to {numbers[-1]}: " if numbers else ""
    return span + names_text([f"{name} {number}" for name, number in kinds.most_common()], 3)


def _marks(rows: Sequence[GraphRow]) -> str:
    floats, foreign = sum(bool(row.island) for row in rows), sum(row.kind == "foreign" for row in rows)
    marks = [f"{floats} in float islands"] if floats else []
    return ", ".join([*marks, *([count(foreign, "foreign operator")] if foreign else [])])
