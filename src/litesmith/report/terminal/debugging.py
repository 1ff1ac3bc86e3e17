"""A debugging session: the costliest operators as a table, and the causes in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from litesmith.core.debugging import Debugging, Effect, OpError, Rate
from litesmith.core.units import format_percent
from litesmith.report.audit_lines import names_text
from litesmith.report.debug_lines import cost_text, costliest, db_text, grouped, skipped_lines, verdict_line
from litesmith.report.figures import DASH, interval_text
from litesmith.report.terminal.plain import ByWidth, Name, Screen, facts, heading, plain_table
from litesmith.report.text import clean, count, sentence, shortened

_SHOWN = 12
_CAUSES = 8
_WIDE = 110


def debugging_text(made: Debugging, *, ops: bool = False) -> RenderableType:
    """Return the answer as a whole, the table and the causes.

    Args:
        made: The session.
        ops: Whether to list every operator, in execution order.
    """
    parts: list[RenderableType] = [
        Text.assemble((clean(made.quantized_model), "bold"), "  against  ", clean(made.float_model), overflow="fold"),
        Text(""),
        facts(_head(made)),
        Text(""),
    ]
    shown = made.ops if ops else costliest(made.ops, _SHOWN)
    some = "" if len(shown) == len(made.ops) else f"the costliest {len(shown)} of {len(made.ops)}; "
    note = f"{some}on {count(made.samples, 'sample')}, effects on the output on {made.effect_samples}"
    parts += [heading("Layers", note), ByWidth(lambda width: _table(shown, wide=width >= _WIDE))]
    parts += [Text(""), *_causes(made)]
    for text in (*made.notes, *skipped_lines(made)):
        parts.append(Text.assemble(("Note  ", "yellow"), clean(text), overflow="fold"))
    return Screen(parts)


def _head(made: Debugging) -> Iterator[tuple[str, RenderableType]]:
    yield (
        "output",
        Text.assemble(
            f"{db_text(made.whole.sqnr_db)} ", (f"SQNR of {clean(shortened(made.output, 60))}", "dim"), overflow="fold"
        ),
    )
    if made.whole.agreement is not None:
        yield "agreement", _rate(made.whole.agreement, "with the float model's top-1")
    if made.whole.top1 is not None and made.float_top1 is not None:
        yield "top-1", _rate(made.whole.top1, f"; float {format_percent(made.float_top1.value)}")


def _rate(rate: Rate, what: str) -> Text:
    return Text.assemble(
        f"{format_percent(rate.value)} ",
        (f"of {rate.n:,}, 95 % interval {interval_text(rate.interval, 'fraction')} {what}".replace(" ;", ";"), "dim"),
        overflow="fold",
    )


def _table(ops: Sequence[OpError], *, wide: bool) -> RenderableType:
    columns = ["layer", "SQNR", "alone"]
    columns += ["cosine", "cut off", "shift"] if wide else []
    columns += ["only it int", "only it float", "regained"] if wide else ["only int", "regained"]
    rows: list[list[RenderableType]] = []
    for op in ops:
        row: list[RenderableType] = [Name(f"{op.op} {op.layer}"), _short(op.sqnr_db), _short(op.local_sqnr_db)]
        if wide:
            row += [
                DASH if op.cosine is None else f"{op.cosine:.4f}",
                format_percent(op.saturated_low + op.saturated_high),
                f"{op.bias_shift_worst:.2f}",
            ]
        row.append(_effect(op.only_quantized))
        row += [_effect(op.only_float)] if wide else []
        row.append(DASH if op.regained_db is None else f"{op.regained_db:+.1f}")
        rows.append(row)
    return plain_table(columns, rows, right=range(1, len(columns)))


def _short(value: float | None) -> str:
    return db_text(value).removesuffix(" dB")


def _effect(made: Effect | None) -> str:
    return DASH if made is None else _short(made.sqnr_db)


def _causes(made: Debugging) -> Iterator[RenderableType]:
    if not made.causes:
        yield Text(sentence(verdict_line(made)), style="green" if "nothing" in verdict_line(made) else "")
        return
    groups = grouped(made.causes)
    yield heading("Causes", "the costliest first")
    for number, group in enumerate(groups[:_CAUSES], 1):
        cause = group[0]
        where = f"{clean(cause.op)} {clean(shortened(cause.layer, 80))}"
        yield Text.assemble((f"{number:>2}  ", "dim"), (where, "bold"), overflow="fold")
        lines = [Text(clean(sentence(cause.message))), Text(clean(cost_text(cause)), style="dim")]
        if len(group) > 1:
            names = names_text([clean(shortened(c.layer, 40)) for c in group[1:]], 4)
            lines.append(Text(f"The same in {names}.", style="dim"))
        lines.append(Text.assemble((f"{cause.name}: ", "dim"), (" or ".join(cause.flags), "green")))
        yield Padding(Group(*lines), (0, 0, 0, 4))
