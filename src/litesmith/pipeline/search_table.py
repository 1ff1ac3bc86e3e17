"""The table of operators in the record of a search, and the order of its candidates."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from litesmith.core.search import SearchedOp
from litesmith.pipeline.search_measuring import Times
from litesmith.search.costs import Costs
from litesmith.search.proposals import Window


def mean(noise: Sequence[float]) -> float:
    """Return the mean; 0 of nothing."""
    return sum(noise) / max(len(noise), 1)


def unbeaten(costs: Mapping[int, tuple[float, float]]) -> list[int]:
    """Return the candidates that no other is at least as good as in both costs and better in one, cheapest first.

    >>> unbeaten({0: (1.0, 5.0), 1: (2.0, 5.0), 2: (3.0, 1.0)})
    [0, 2]
    """
    kept = [
        index
        for index, own in costs.items()
        if not any(a <= own[0] and b <= own[1] and (a, b) != own for a, b in costs.values())
    ]
    return sorted(kept, key=lambda index: (costs[index], index))


def searched_ops(costs: Costs, times: Times, gains: Mapping[Window, float], base: float) -> tuple[SearchedOp, ...]:
    """Return what was measured of each operator.

    Args:
        costs: In ms.
        times: Of single operators.
        gains: Noise power that a window in float takes away.
        base: Noise power of the integer model.
    """
    found = []
    for index, unit in enumerate(costs.units):
        gain = gains.get((index, index + 1))
        left = None if gain is None else max(base - gain, 1e-30)
        found.append(
            SearchedOp(
                name=unit.name,
                layer=unit.layer,
                op=unit.op,
                gain_db=None if left is None or base <= 0 else 10 * math.log10(base / left),
                float_ms=times.floats.get(unit.name),
                int8_ms=times.integers.get(unit.name),
                ms_added=costs.of({index}),
            )
        )
    return tuple(found)
