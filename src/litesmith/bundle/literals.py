"""Names and labels are data: written as Python literals and as Markdown text, never as code."""

from __future__ import annotations

import math
from collections.abc import Sequence

_WIDTH = 90
_NAMED = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def literal(value: object, indent: int = 0) -> str:
    r"""Return Python code for a text, number, bool, None or tuple of them: ASCII, in lines that are not too long.

    Args:
        value: What the code is to mean.
        indent: Columns to the left of the line that the code begins in.

    >>> print(literal(("a", 1.5, (1, -1))), literal('"\n\u202e'))
    ("a", 1.5, (1, -1)) '"\n\u202e'
    """
    if isinstance(value, str):
        return _text(value, indent)
    if isinstance(value, tuple):
        return _row([literal(item, indent + 4) for item in value], indent)
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    if value is None or isinstance(value, bool | int | float):
        return repr(value)
    raise TypeError(f"no literal for {type(value).__name__}")


def _row(items: Sequence[str], indent: int) -> str:
    one = "(" + ", ".join(items) + ("," if len(items) == 1 else "") + ")"
    if len(one) + indent <= _WIDTH and "\n" not in one:
        return one
    pad = " " * (indent + 4)
    return "(\n" + "".join(f"{pad}{item},\n" for item in items) + " " * indent + ")"


def _text(value: str, indent: int) -> str:
    """Return a text literal; a long one as pieces in brackets, which Python joins."""
    pieces, piece, length = [], "", 0
    for character in value:
        token = len(_escaped(character)) + (character in "'\"")
        if length + token > _WIDTH - indent:
            pieces.append(_quoted(piece))
            piece, length = "", 0
        piece, length = piece + character, length + token
    pieces.append(_quoted(piece))
    if len(pieces) == 1:
        return pieces[0]
    pad = " " * (indent + 4)
    return "(\n" + "".join(f"{pad}{part}\n" for part in pieces) + " " * indent + ")"


def _quoted(piece: str) -> str:
    """Return a short text in the quotes that need fewer escapes."""
    mark = "'" if piece.count('"') > piece.count("'") else '"'
    return mark + "".join(f"\\{c}" if c == mark else _escaped(c) for c in piece) + mark


def _escaped(character: str) -> str:
    if character in _NAMED:
        return _NAMED[character]
    code = ord(character)
    if 0x20 <= code < 0x7F:
        return character
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def markdown(value: str, longest: int = 80) -> str:
    r"""Return a text as inline code of a Markdown table or sentence: nothing in it is markup, nothing is hidden.

    >>> markdown("a|b`c")
    '`` a\\|b`c ``'
    """
    shown = "".join(c if c.isprintable() else _escaped(c) for c in value)
    if len(shown) > longest:
        shown = shown[: longest - 3] + "..."
    if not shown.strip():
        return "(empty)" if not shown else "(blank)"
    fence = "`"
    while fence in shown:
        fence += "`"
    shown = shown.replace("|", "\\|")
    return f"{fence} {shown} {fence}" if "`" in shown else f"`{shown}`"
