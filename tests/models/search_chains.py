"""Chains of operators with given costs, for the tests of the search."""

from __future__ import annotations

from litesmith.search.costs import Costs, Unit


def chain(extras: list[float], *, quantize: float = 0.0, dequantize: float = 0.0, float_ends: bool = False) -> Costs:
    """A chain of operators t0 -> t1 -> ...; tensor `t{k}` is made by unit k - 1."""
    count = len(extras)
    units = tuple(
        Unit(name=f"t{k + 1}", layer="", op="CONV_2D", extra=extra, reads=(f"t{k}",), makes=(f"t{k + 1}",))
        for k, extra in enumerate(extras)
    )
    names = [f"t{k}" for k in range(count + 1)]
    return Costs(
        units=units,
        quantize=dict.fromkeys(names, quantize),
        dequantize=dict.fromkeys(names, dequantize),
        float_ends=frozenset({names[0], names[-1]} if float_ends else ()),
        ends=frozenset({names[-1]}),
    )
