"""What a set of operators in float costs, against counting conversions by hand and against brute force."""

from __future__ import annotations

import numpy as np
import pytest
from search_chains import chain

from litesmith.search.costs import Chosen, Costs, Unit, closed, gaps


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({1}, 10 + 5 + 3),  # one conversion to float before it, one back behind it
        ({1, 2}, 20 + 5 + 3),
        ({0, 2}, 20 + 2 * (5 + 3)),
        ({3}, 10 + 5 + 3),  # the output is an integer, so the last is quantized too
        ({0, 1, 2, 3}, 40 + 5 + 3),
        (set(), 0),
    ],
)
def test_each_border_is_converted_once(chosen: set[int], expected: float) -> None:
    assert chain([10.0] * 4, quantize=3.0, dequantize=5.0).of(chosen) == expected


@pytest.mark.parametrize(("chosen", "expected"), [({0}, 10.0), ({3}, 10.0), ({1}, 10 + 8), ({0, 1, 2, 3}, 40 - 8)])
def test_float_ends_save_conversions(chosen: set[int], expected: float) -> None:
    """With a float interface the integer model converts both ends; a float end moves that, or takes it away."""
    assert chain([10.0] * 4, quantize=3.0, dequantize=5.0, float_ends=True).of(chosen) == expected


def test_tensor_read_twice_is_converted_once() -> None:
    units = (
        Unit(name="a", layer="", op="CONV_2D", extra=0.0, reads=("x",), makes=("a",)),
        Unit(name="b", layer="", op="CONV_2D", extra=0.0, reads=("a",), makes=("b",)),
        Unit(name="c", layer="", op="ADD", extra=0.0, reads=("a", "b"), makes=("c",)),
    )
    names = ("x", "a", "b", "c")
    costs = Costs(
        units=units,
        quantize=dict.fromkeys(names, 1.0),
        dequantize=dict.fromkeys(names, 10.0),
        ends=frozenset({"c"}),
    )
    assert costs.of({1, 2}) == 10 + 1
    assert costs.of({2}) == 20 + 1
    assert costs.of({0}) == 10 + 1


def test_gap_is_filled_where_that_is_cheaper() -> None:
    cheap, dear = chain([1.0] * 5, quantize=3.0, dequantize=5.0), chain([1, 1, 9, 1, 1], quantize=3.0, dequantize=5.0)
    assert closed(frozenset({1, 3}), cheap) == {1, 2, 3}
    assert closed(frozenset({1, 3}), dear) == {1, 3}


def test_closing_never_costs_more_and_leaves_no_cheaper_gap() -> None:
    random = np.random.default_rng(0)
    for _ in range(100):
        costs = chain(random.uniform(-1, 4, 7).tolist(), quantize=random.uniform(0, 3), dequantize=random.uniform(0, 3))
        chosen: Chosen = frozenset(np.flatnonzero(random.random(7) < 0.5).tolist())
        found = closed(chosen, costs)
        assert found >= chosen
        assert costs.of(found) <= costs.of(chosen) + 1e-9
        holes = gaps(found, 7)
        assert all(costs.of(found | hole) > costs.of(found) for hole in holes)
