"""Which operator of one file is which of another: by layer, then by order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from litesmith.core.graph import GraphOp, Subgraph
from litesmith.core.layers import layer_names

_MOST_PRODUCT = 1_000_000
"""Product of two lengths above which runs are not matched by kind and order: that takes time by the product."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """One operator of the first file and its like in the second; one of them is None where there is none.

    Attributes:
        first: In the first file.
        second: In the second file.
        layer: Layer name, of the first where there is one.
        certain: Whether layer and kind agree, and not only the order.
    """

    first: GraphOp | None
    second: GraphOp | None
    layer: str
    certain: bool


def matched(first: Subgraph, second: Subgraph) -> list[Match]:
    """Return the operators of two subgraphs side by side, in the order of the first.

    Operators of one kind in one layer are the same, counted where a layer has several. What lies between two such pairs
    is matched by kind in its order, with the longest common subsequence (Python's difflib); the rest was removed or
    added.
    """
    names = layer_names(first), layer_names(second)
    keys = _counted(first, names[0]), _counted(second, names[1])
    found = []
    for tag, a0, a1, b0, b1 in SequenceMatcher(None, *keys, autojunk=False).get_opcodes():
        if tag == "equal":
            pairs: list[tuple[int | None, int | None]] = list(zip(range(a0, a1), range(b0, b1), strict=True))
        else:
            pairs = _by_kind(first.ops, second.ops, (a0, a1), (b0, b1))
        for left, right in pairs:
            found.append(
                Match(
                    first=None if left is None else first.ops[left],
                    second=None if right is None else second.ops[right],
                    layer=names[0][left] if left is not None else names[1][right or 0],
                    certain=tag == "equal",
                )
            )
    return found


def _counted(subgraph: Subgraph, names: Sequence[str]) -> list[Hashable]:
    """Return one key per operator that no other has, so that matching takes little time in hostile files too."""
    seen: Counter[tuple[str, str]] = Counter()
    keys: list[Hashable] = []
    for op, layer in zip(subgraph.ops, names, strict=True):
        seen[op.name, layer] += 1
        keys.append((op.name, layer, seen[op.name, layer]))
    return keys


def _by_kind(
    first: Sequence[GraphOp], second: Sequence[GraphOp], left: tuple[int, int], right: tuple[int, int]
) -> list[tuple[int | None, int | None]]:
    """Return the operators of two runs side by side, by kind and order."""
    (a0, a1), (b0, b1) = left, right
    if (a1 - a0) * (b1 - b0) > _MOST_PRODUCT:
        return [*((i, None) for i in range(a0, a1)), *((None, i) for i in range(b0, b1))]
    kinds = [op.name for op in first[a0:a1]], [op.name for op in second[b0:b1]]
    found: list[tuple[int | None, int | None]] = []
    for tag, a, a_end, b, b_end in SequenceMatcher(None, *kinds, autojunk=False).get_opcodes():
        if tag == "equal":
            found += zip(range(a0 + a, a0 + a_end), range(b0 + b, b0 + b_end), strict=True)
        else:
            found += [(a0 + i, None) for i in range(a, a_end)]
            found += [(None, b0 + i) for i in range(b, b_end)]
    return found
