"""Text that came from models, datasets and devices, made safe to show."""

from __future__ import annotations

import unicodedata

# Controls, format characters (bidirectional overrides among them), surrogates, private use, what Unicode has not
# assigned, line separators.
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_SPACE = "Zs"


def clean(text: str) -> str:
    r"""Return `text` on one line, with every invisible or controlling character shown as an escape.

    Tabs, line breaks and wide or narrow spaces become one space. Terminal escapes and right-to-left overrides cannot
    change what follows.

    >>> clean("a\nb\x1b[31m")
    'a b\\x1b[31m'
    """
    return "".join(map(_visible, text.replace("\r\n", "\n")))


def _visible(char: str) -> str:
    category = unicodedata.category(char)
    if char in "\n\t\r" or category == _SPACE:
        return " "
    if category not in _UNSAFE:
        return char
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def sentence(text: str) -> str:
    """Return text with a capital and a full stop; a name in front, such as `int8`, stays as it is.

    >>> sentence("the smallest file"), sentence("int8 is smallest."), sentence("")
    ('The smallest file.', 'int8 is smallest.', '')
    """
    text = text.strip()
    first = text.split(" ", 1)[0]
    if first.isalpha() and first.islower():
        text = text[0].upper() + text[1:]
    return f"{text}." if text and text[-1] not in ".!?:)" else text


def shortened(text: str, most: int) -> str:
    """Return text of at most `most` characters, its middle left out: the ends of a path tell most.

    >>> shortened("block_1/expand/Conv2D", 12)
    'block\u2026Conv2D'
    """
    if len(text) <= most:
        return text
    tail = max(most - 1, 0) - (most - 1) // 2
    return text[: max(most - 1 - tail, 0)] + "\u2026" + (text[len(text) - tail :] if tail else "")


def file_name(path: str) -> str:
    """Return the last part of a path, for headings.

    >>> file_name("models/mobilenet.keras")
    'mobilenet.keras'
    """
    return path.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1] or path


def count(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun.

    >>> count(1, "sample"), count(1000, "sample")
    ('1 sample', '1,000 samples')
    """
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
