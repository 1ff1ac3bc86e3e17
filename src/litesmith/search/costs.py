"""What it costs to compute a set of operators in float, in ms or bytes, from the costs of single operators."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import pairwise

Chosen = frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One operator whose precision can be chosen.

    Attributes:
        name: Its first output tensor.
        layer: The user's layer it belongs to.
        op: Operator name.
        extra: Cost in float less the cost in integers: ms, or bytes.
        reads: Activations it reads.
        makes: Activations it makes.
    """

    name: str
    layer: str
    op: str
    extra: float
    reads: tuple[str, ...]
    makes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """Units in execution order, and what converting a tensor costs.

    Attributes:
        units: In execution order.
        quantize: Cost of quantizing a tensor, by its name.
        dequantize: The other way.
        float_ends: Model inputs and outputs that are float at the interface.
        ends: Model outputs.
    """

    units: tuple[Unit, ...]
    quantize: Mapping[str, float]
    dequantize: Mapping[str, float]
    float_ends: frozenset[str] = frozenset()
    ends: frozenset[str] = frozenset()

    def of(self, chosen: Collection[int]) -> float:
        """Return what the model costs more with these units in float."""
        picked = frozenset(chosen)
        own = sum(self.units[index].extra for index in picked)
        return own + self._conversions(picked) - self._conversions(frozenset())

    def _conversions(self, chosen: Chosen) -> float:
        """Return the cost of all conversions: each tensor is converted at most once each way."""
        floating = set(self.float_ends) | {name for index in chosen for name in self.units[index].makes}
        made = {name for unit in self.units for name in unit.makes}
        total = 0.0
        for name in self.float_ends - made:  # inputs of the model
            if any(name in unit.reads for index, unit in enumerate(self.units) if index not in chosen):
                total += self.quantize.get(name, 0.0)
        to_float, to_integer = set(), set()
        for index, unit in enumerate(self.units):
            for name in unit.reads:
                if index in chosen and name not in floating:
                    to_float.add(name)
                if index not in chosen and name in floating and name in made and self._by(name, chosen):
                    to_integer.add(name)
        for name in self.ends:
            by_float = self._by(name, chosen)
            if by_float and name not in self.float_ends:
                to_integer.add(name)
            if not by_float and name in self.float_ends:
                to_float.add(name)
        total += sum(self.dequantize.get(name, 0.0) for name in to_float)
        return total + sum(self.quantize.get(name, 0.0) for name in to_integer)

    def _by(self, name: str, chosen: Chosen) -> bool:
        return any(name in self.units[index].makes for index in chosen)


def closed(chosen: Chosen, costs: Costs) -> Chosen:
    """Return the set with every gap filled that is cheaper to compute in float than to convert around.

    Gaps are runs of units between, before and after chosen ones, in execution order; the shortest first, until none
    is cheaper.
    """
    current, total = chosen, costs.of(chosen)
    while True:
        better = [
            (found, gap)
            for gap in gaps(current, len(costs.units))
            if gap and (found := costs.of(current | gap)) <= total + 1e-12 and (current or found < 0)
        ]
        if not better:
            return current
        total, gap = min(better, key=lambda pair: (len(pair[1]), pair[0], min(pair[1])))
        current = current | gap


def gaps(chosen: Chosen, count: int) -> list[Chosen]:
    """Return the runs of indices below `count` that lie between chosen ones.

    >>> [sorted(gap) for gap in gaps(frozenset({1, 4}), 6)]
    [[2, 3]]
    """
    ordered = sorted(index for index in chosen if index < count)
    return [frozenset(range(a + 1, b)) for a, b in pairwise(ordered) if b > a + 1]
