"""Two files side by side."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text

from litesmith.core.comparison import Change, Comparison, ConstantDifference, TensorDifference
from litesmith.core.units import format_percent
from litesmith.report.audit_lines import names_text
from litesmith.report.figures import DASH, interval_text
from litesmith.report.terminal.plain import Name, Screen, facts, heading, plain_table
from litesmith.report.text import clean, count, shortened

_ENDS = ("file", "input", "output", "signature", "metadata", "subgraph")
_LABELS = ("removed", "added", "version", "options", "tensor", "range")
_COLUMNS = ("SQNR", "cosine", "difference", "identical")
_SHOWN_EACH = 4
_SHOWN_TENSORS = 14
_LONGEST = 160


def comparison_text(made: Comparison) -> RenderableType:
    """Return the differences: the files and their ends, operators, constants, answers, and where the tensors part."""
    head = Text.assemble((clean(made.first), "bold"), "  and  ", (clean(made.second), "bold"), overflow="fold")
    if made.same_bytes:
        return Screen([head, Text("The files are the same, byte for byte.", style="green")])
    parts: list[RenderableType] = [head, Text(""), *_structure(made)]
    if made.outputs:
        parts += [Text(""), heading("Answers", f"on {made.samples}"), *_outputs(made.outputs)]
    if made.tensors:
        parts += [Text(""), *_tensors(made.tensors)]
    if made.note:
        parts += [Text(""), Text.assemble(("Note  ", "yellow"), clean(made.note), overflow="fold")]
    return Screen(parts)


def _structure(made: Comparison) -> Iterator[RenderableType]:
    if not made.changes and not made.constants:
        yield Text("The same structure, ranges and constants.", style="green")
        return
    ends = [change for change in made.changes if change.what in _ENDS]
    rows: list[tuple[str, RenderableType]] = [(_label(change), _arrow(change)) for change in ends]
    rows += _operators([change for change in made.changes if change.what not in _ENDS])
    rows += _constants(made.constants, made.constants_compared)
    yield facts(rows)


def _label(change: Change) -> str:
    name = "" if change.what == "file" else f"{change.what} "
    return shortened(clean(name + shortened(change.name, _LONGEST)), 28)


def _arrow(change: Change) -> Text:
    before, after = (clean(shortened(text, _LONGEST)) for text in (change.before, change.after))
    return Text.assemble((before or "none", "dim"), " \u2192 ", after or "none", overflow="fold")


def _operators(changes: Sequence[Change]) -> Iterator[tuple[str, RenderableType]]:
    """Yield what changed about operators: each way of changing once, with its count and the first few names."""
    kinds: dict[tuple[str, str], list[str]] = {}
    for change in changes:
        label, way = _way(change)
        name = change.name.removeprefix(f"{way} ") if change.what == "op" else change.name
        kinds.setdefault((label, way), []).append(name)
    for (label, way), names in sorted(kinds.items(), key=lambda item: _LABELS.index(item[0][0])):
        text = Text.assemble(f"{len(names):,}\u00d7 {clean(shortened(way, _LONGEST))}", overflow="fold")
        yield label, text.append(f"  {clean(names_text(names, _SHOWN_EACH))}", style="dim")


def _way(change: Change) -> tuple[str, str]:
    """Return the label of a change, and how it was changed."""
    if change.what == "op":
        return ("added" if change.after else "removed"), change.before or change.after
    if change.what == "range":
        return "range", "scale or zero point"
    if change.what == "tensor":
        before, after = (text.partition(" ")[0] for text in (change.before, change.after))
        return "tensor", f"{before} \u2192 {after}" if before != after else "shape"
    return change.what, f"{change.before or 'none'} \u2192 {change.after or 'none'}"


def _constants(found: Sequence[ConstantDifference], compared: int) -> Iterator[tuple[str, RenderableType]]:
    if not compared:
        return
    if not found:
        yield "constants", Text(f"all {compared:,} that were compared are the same", overflow="fold")
        return
    ways = Counter(f"{c.before} \u2192 {c.after}" if c.before != c.after else f"{c.before} values" for c in found)
    kinds = ", ".join(f"{number:,}\u00d7 {way}" for way, number in ways.most_common(4))
    yield "constants", Text(f"{len(found):,} of {compared:,} differ: {kinds}", overflow="fold")
    shares = [
        (c.max_abs_difference / c.max_abs_value if c.max_abs_value else math.inf, c.max_abs_difference, c)
        for c in found
        if c.max_abs_difference
    ]
    if shares:
        share, largest, worst = max(shares, key=lambda entry: entry[0])
        of = f" ({format_percent(share, digits=2)} of its largest value)" if math.isfinite(share) else ""
        where = clean(shortened(worst.layer or worst.name, 60))
        yield "constants", Text.assemble(f"most in {where}: {largest:.3g}", of, overflow="fold")


def _outputs(outputs: Sequence[TensorDifference]) -> Iterator[RenderableType]:
    rows: list[list[RenderableType]] = [[Name(made.name), *_numbers(made)] for made in outputs]
    yield plain_table(("output", *_COLUMNS), rows, right=range(1, 5))
    for made in outputs:
        if made.top1 is not None:
            yield Text.assemble(
                f"Same top-1 in {clean(shortened(made.name, 40))}: {format_percent(made.top1.value)} ",
                (f"of {made.top1.n:,}, 95 % interval {interval_text(made.top1.interval, 'fraction')}", "dim"),
                overflow="fold",
            )


def _numbers(made: TensorDifference) -> list[str]:
    cosine = DASH if made.cosine is None else f"{made.cosine:.6f}"
    largest = "not finite" if made.max_abs_difference is None else f"{made.max_abs_difference:.3g}"
    return [_sqnr(made), cosine, largest, format_percent(made.identical)]


def _sqnr(made: TensorDifference) -> str:
    if made.sqnr_db is None:
        return "same" if made.identical == 1 else DASH
    return f"{made.sqnr_db:.1f} dB"


def _tensors(tensors: Sequence[TensorDifference]) -> Iterator[RenderableType]:
    first = next((made for made in tensors if made.identical < 1), None)
    if first is None:
        yield heading("Tensors", f"all {len(tensors):,} that both have are the same")
        return
    shown = parting(tensors, _SHOWN_TENSORS)
    some = "" if len(shown) == len(tensors) else f"{len(shown)} of {len(tensors):,}: where it falls most; "
    yield heading("Where they part", f"{some}on {count(first.samples, 'sample')}, without a delegate")
    rows: list[list[RenderableType]] = [[Name(made.op or made.name), *_numbers(made)] for made in shown]
    yield plain_table(("what is computed", *_COLUMNS), rows, right=range(1, 5))


def parting(tensors: Sequence[TensorDifference], most: int) -> list[TensorDifference]:
    """Return the tensors that tell where two files part, in order: the first, the last and the largest falls of SQNR.

    A fall is counted from the lowest value before.
    """
    falls, lowest = [], math.inf
    for place, made in enumerate(tensors):
        value = math.inf if made.sqnr_db is None and made.identical == 1 else (made.sqnr_db or 0.0)
        falls.append((0.0 if value >= lowest else min(lowest, 200.0) - value, place))
        lowest = min(lowest, value)
    kept = {0, len(tensors) - 1}
    for fall, place in sorted(falls, key=lambda entry: (-entry[0], entry[1])):
        if len(kept) >= most or fall <= 0:
            break
        kept.add(place)
    return [tensors[place] for place in sorted(kept)]
