"""How a debugging session is worded, for the terminal and the page alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from litesmith.core.debugging import Debugging, OpError, RootCause
from litesmith.report.figures import DASH
from litesmith.report.text import count

WORTH_DB = 0.5
"""What the output must regain for it to be said; where every layer is broken, one alone regains nothing."""
GOOD_DB = 30.0
"""SQNR of the answer that counts as that of a well-made model."""


def costliest(ops: Sequence[OpError], most: int) -> list[OpError]:
    """Return the operators that cost most, the costliest first.

    Those come first whose float version regains most, in whole dB; where that is alike, as where many are broken, those
    that alone harm the output most.
    """

    def cost(op: OpError) -> tuple[float, float, int]:
        alone = op.only_quantized.sqnr_db if op.only_quantized is not None else None
        return -float(round(max(op.regained_db or 0.0, 0.0))), 200.0 if alone is None else alone, op.index

    return sorted(ops, key=cost)[:most]


def db_text(value: float | None) -> str:
    """Return an SQNR.

    >>> db_text(21.04), db_text(200.0), db_text(None)
    ('21.0 dB', 'same', '-')
    """
    if value is None:
        return DASH
    return "same" if value >= 200 else f"{value:.1f} dB"


def grouped(causes: Sequence[RootCause]) -> list[list[RootCause]]:
    """Return the causes by name, each with the layers it was found in, the costliest first."""
    found: dict[str, list[RootCause]] = {}
    for cause in causes:
        found.setdefault(cause.name, []).append(cause)
    return list(found.values())


def cost_text(cause: RootCause) -> str:
    """Return what a cause costs, and what to do."""
    if cause.regained_db is not None and (cause.regained_db >= WORTH_DB or cause.alone_db is None):
        return f"The output regains {cause.regained_db:.1f} dB with this layer float. {cause.remedy}"
    if cause.alone_db is not None:
        return f"With only this layer quantized the output has {db_text(cause.alone_db)}. {cause.remedy}"
    return cause.remedy


def skipped_lines(made: Debugging) -> Iterator[str]:
    """Yield what was not compared, by the reason why."""
    found: dict[str, list[str]] = {}
    for op in made.skipped:
        found.setdefault(op.reason, []).append(op.op)
    for reason, ops in found.items():
        names = ", ".join(dict.fromkeys(ops))
        yield f"{count(len(ops), 'operator')} not compared ({names}): {reason}"


def verdict_line(made: Debugging) -> str:
    """Return in one sentence whether there is something to cure."""
    if made.causes:
        groups = grouped(made.causes)
        return f"{count(len(groups), 'cause')} found in {count(len({c.index for c in made.causes}), 'layer')}"
    good = made.whole.sqnr_db is not None and made.whole.sqnr_db >= GOOD_DB
    return "no layer stands out: nothing to cure" if good else "no known cause stands out"
