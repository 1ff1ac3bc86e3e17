"""Names and labels are data in Kotlin too: string and float literals, comments, and text of Android's XML files."""

from __future__ import annotations

import math
import re

import numpy as np

_WIDTH = 90
_NAMED = {"\\": "\\\\", '"': '\\"', "$": "\\$", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_XML = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;"}
_LONGEST_COMMENT = 80


def kotlin(value: object, indent: int = 0) -> str:
    r"""Return Kotlin code for a text, number, bool or tuple of them: ASCII, in lines that are not too long.

    A Python float becomes a Float, a tuple `listOf(...)`.

    Args:
        value: What the code is to mean.
        indent: Columns to the left of the line that the code begins in.

    >>> print(kotlin('a"$b\n\u202e'), kotlin(0.5), kotlin((1, 2)))
    "a\"\$b\n\u202e" 0.5f listOf(1, 2)
    """
    if isinstance(value, str):
        return _text(value, indent)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return kotlin_float(value)
    if isinstance(value, tuple):
        return "listOf(" + ", ".join(kotlin(item, indent + 4) for item in value) + ")"
    raise TypeError(f"no Kotlin literal for {type(value).__name__}")


def kotlin_float(value: float) -> str:
    """Return the shortest Float literal that means the float32 nearest to a number.

    >>> kotlin_float(1 / 255), kotlin_float(-1e-30), kotlin_float(float("inf"))
    ('0.003921569f', '-1e-30f', 'Float.POSITIVE_INFINITY')
    """
    if math.isnan(value):
        return "Float.NaN"
    with np.errstate(over="ignore"):
        rounded = np.float32(value)
    if np.isinf(rounded):
        return "Float.POSITIVE_INFINITY" if rounded > 0 else "Float.NEGATIVE_INFINITY"
    return f"{rounded!s}f"


def kdoc(value: str, longest: int = _LONGEST_COMMENT) -> str:
    r"""Return a text for a comment, in backticks: it is one line, ends no comment and begins none, and hides nothing.

    >>> kdoc("a*/b/*c`\n")
    "`a* /b/ *c'\\n`"
    """
    shown = "".join(_commented(character) for character in value[: longest + 1])
    if len(shown) > longest:
        shown = shown[: longest - 3] + "..."
    shown = re.sub(r"(?<=\*)(?=/)|(?<=/)(?=[*/])", " ", shown.replace("`", "'"))
    return f"`{shown}`" if shown.strip() else "(blank)"


def xml(value: str) -> str:
    """Return a text for an attribute or element of XML; what XML cannot hold becomes U+FFFD.

    >>> xml("<a> & 'b'")
    '&lt;a&gt; &amp; &apos;b&apos;'
    """
    return "".join(_XML.get(c, c) if _allowed(ord(c)) else "\ufffd" for c in value)


def android_string(value: str) -> str:
    r"""Return a text for a `<string>` of Android's resources, where backslash, quotes and a first `@` or `?` mean more.

    >>> android_string("@it's")
    '\\@it\\&apos;s'
    """
    made = []
    for place, character in enumerate(value):
        if character in "\\'\"" or (place == 0 and character in "@?"):
            made.append(f"\\{character}")
        elif character == "\n":
            made.append("\\n")
        elif character.isprintable() and character != " " and _allowed(ord(character)):
            made.append(character)
        else:
            made.append("".join(f"\\u{unit:04x}" for unit in _units(character)) if character != " " else " ")
    return xml("".join(made))


def _allowed(code: int) -> bool:
    """Tell whether XML 1.0 can hold a character."""
    return code in (0x9, 0xA, 0xD) or 0x20 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or code >= 0x10000


def _text(value: str, indent: int) -> str:
    """Return a text literal; a long one as pieces that are added up."""
    pieces, piece = [], ""
    for character in value:
        token = _escaped(character)
        if len(piece) + len(token) > max(_WIDTH - indent, 20):
            pieces.append(piece)
            piece = ""
        piece += token
    pieces.append(piece)
    pad = " " * (indent + 4)
    return f" +\n{pad}".join(f'"{part}"' for part in pieces)


def _escaped(character: str) -> str:
    if character in _NAMED:
        return _NAMED[character]
    if 0x20 <= ord(character) < 0x7F:
        return character
    return "".join(f"\\u{unit:04x}" for unit in _units(character))


def _units(character: str) -> list[int]:
    """Return the UTF-16 code units of a character, as Kotlin counts."""
    data = character.encode("utf-16-be", "surrogatepass")
    return [int.from_bytes(data[place : place + 2], "big") for place in range(0, len(data), 2)]


def _commented(character: str) -> str:
    if 0x20 <= ord(character) < 0x7F:
        return character
    return _NAMED[character] if character in "\n\r\t" else "".join(f"\\u{unit:04x}" for unit in _units(character))


def with_sorted_imports(code: str) -> str:
    r"""Return Kotlin code whose imports stand in order, as its formatters want them: names in a template differ.

    >>> with_sorted_imports("import b.C\nimport a.B\n\nval x = 1\n")
    'import a.B\nimport b.C\n\nval x = 1\n'
    """
    lines = code.split("\n")
    places = [place for place, line in enumerate(lines) if line.startswith("import ")]
    for place, line in zip(places, sorted(lines[place] for place in places), strict=True):
        lines[place] = line
    return "\n".join(lines)
