"""Looking names up, with the nearest one in the error."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import TypeVar

from litesmith.core.errors import UnknownNameError

T = TypeVar("T")


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name most like `name`, or None when nothing is close.

    >>> nearest("in8", ["float16", "int8"])
    'int8'
    """
    found = difflib.get_close_matches(name.lower(), list(known), n=1, cutoff=0.4)
    return found[0] if found else None


def unknown(kind: str, name: str, known: Iterable[str]) -> UnknownNameError:
    """Build the error for a name that nobody knows."""
    names = sorted(known)
    close = nearest(name, names)
    hint = f"Did you mean '{close}'? " if close else ""
    return UnknownNameError(f"unknown {kind} '{name}'", hint=f"{hint}Known: {', '.join(names) or 'none'}.")


def look_up(kind: str, name: str, known: Mapping[str, T]) -> T:
    """Return `known[name]`.

    Raises:
        UnknownNameError: `name` is not a key; the hint names the nearest.
    """
    if name not in known:
        raise unknown(kind, name, known)
    return known[name]
