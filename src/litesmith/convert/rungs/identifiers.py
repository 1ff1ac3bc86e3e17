"""Names that TensorFlow leaves alone."""

from __future__ import annotations

import keyword
import re
from collections.abc import Sequence

_OTHER = re.compile(r"[^A-Za-z0-9_]")


def identifiers(names: Sequence[str]) -> list[str]:
    """Return a Python identifier for each name, all different; names that are identifiers stay as they are.

    >>> identifiers(["image", "2nd-input", "2nd/input"])
    ['image', 't_2nd_input', 't_2nd_input_1']
    """
    taken = {name for name in names if _plain(name)}
    result = []
    for name in names:
        if _plain(name):
            result.append(name)
            continue
        stem = f"t_{_OTHER.sub('_', name)}"
        unique, count = stem, 0
        while unique in taken:
            count += 1
            unique = f"{stem}_{count}"
        taken.add(unique)
        result.append(unique)
    return result


def _plain(name: str) -> bool:
    return name.isascii() and name.isidentifier() and not keyword.iskeyword(name) and not name.startswith("_")
