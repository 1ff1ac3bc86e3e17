"""Float islands: where they are, why, and what they cost."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from spelled_tflite import Spelled, write_spelled

from litesmith.core.audit import Island
from litesmith.core.layers import layer_names
from litesmith.inspection.islands import islands
from litesmith.runtime.flatbuffer import read_graph

INT8 = (1, 4), 0.5, 0


def islands_of(path: Path) -> tuple[Island, ...]:
    graph = read_graph(path)
    return islands(graph, {part.index: layer_names(part) for part in graph.subgraphs})


@pytest.mark.parametrize("variant", ["sine int8 int8", "sine int8 float32", "sine int8 uint8"])
def test_a_planted_sin_is_found_with_its_layer_and_its_price(variant: str, variants: dict[str, Path]) -> None:
    (island,) = islands_of(variants[variant])
    assert [(ref.op, ref.layer) for ref in island.ops] == [("SIN", "wave")]
    assert (island.layers, island.quantize, island.dequantize) == (("wave",), 1, 1)
    assert "no int8 kernel" in island.why
    assert island.converted_bytes == 2 * 16 * (1 + 4)  # 16 values read as int8 and written as float, and back


def test_int16_islands_convert_more(variants: dict[str, Path]) -> None:
    (island,) = islands_of(variants["sine int16x8"])
    assert "no int16 kernel" in island.why
    assert island.converted_bytes == 2 * 16 * (2 + 4)


@pytest.mark.parametrize(
    "variant",
    [
        "plain float32",
        "sine float32",
        "sine float16",
        "sine dynamic_int8",
        "plain weight_only_int8",
        "plain int8 int8",
        "plain int8 float32",
        "plain int8 uint8",
    ],
)
def test_float_models_and_float_interfaces_have_none(variant: str, variants: dict[str, Path]) -> None:
    assert islands_of(variants[variant]) == ()


def test_connected_operators_are_one_island_and_others_another(tmp_path: Path) -> None:
    tensors = {
        "x": ("int8", *INT8),
        "a": ("float32", (1, 4)),
        "b": ("float32", (1, 4)),
        "c": ("float32", (1, 4)),
        "q": ("int8", *INT8),
        "z": ("int8", *INT8),
        "d": ("float32", (1, 4)),
        "e": ("float32", (1, 4)),
    }
    ops = [
        ("DEQUANTIZE", 2, ["x"], ["a"]),
        ("SIN", 1, ["a"], ["b"]),
        ("RESHAPE", 1, ["b"], ["c"]),
        ("QUANTIZE", 1, ["c"], ["q"]),
        ("ADD", 2, ["q", "q"], ["z"]),
        ("DEQUANTIZE", 2, ["z"], ["d"]),
        ("FLOOR", 1, ["d"], ["e"]),
    ]
    found = islands_of(write_spelled(tmp_path / "two.tflite", [Spelled(tensors, ops, ["x"], ["e"])]))
    assert [[ref.op for ref in island.ops] for island in found] == [["SIN", "RESHAPE"], ["FLOOR"]]
    assert [(island.dequantize, island.quantize) for island in found] == [(1, 1), (1, 0)]
    assert [island.converted_bytes for island in found] == [40, 20]


def test_float_weights_are_named_as_the_reason(tmp_path: Path) -> None:
    tensors = {
        "x": ("int8", *INT8),
        "z": ("int8", *INT8),
        "a": ("float32", (1, 4)),
        "w": ("float32", (2, 4)),
        "y": ("float32", (1, 2)),
    }
    ops = [
        ("ADD", 2, ["x", "x"], ["z"]),
        ("DEQUANTIZE", 2, ["z"], ["a"]),
        ("FULLY_CONNECTED", 6, ["a", "w"], ["y"]),
    ]
    graph = Spelled(tensors, ops, ["x"], ["y"], {"w": np.ones((2, 4), np.float32)})
    (island,) = islands_of(write_spelled(tmp_path / "dense.tflite", [graph]))
    assert "its weights are float32" in island.why


def test_bodies_of_loops_are_looked_into(tmp_path: Path) -> None:
    main = Spelled(
        {"x": ("int8", *INT8), "y": ("int8", *INT8), "z": ("int8", *INT8)},
        [("ADD", 2, ["x", "x"], ["y"]), ("WHILE", 1, ["y"], ["z"], 1, 2)],
        ["x"],
        ["z"],
    )
    condition = Spelled({"i": ("int8", *INT8), "go": ("bool", (1,))}, [], ["i"], ["go"])
    body = Spelled(
        {"i": ("int8", *INT8), "loop/f": ("float32", (1, 4)), "loop/s": ("float32", (1, 4)), "o": ("int8", *INT8)},
        [("DEQUANTIZE", 2, ["i"], ["loop/f"]), ("SIN", 1, ["loop/f"], ["loop/s"]), ("QUANTIZE", 1, ["loop/s"], ["o"])],
        ["i"],
        ["o"],
    )
    (island,) = islands_of(write_spelled(tmp_path / "loop.tflite", [main, condition, body]))
    assert [(ref.subgraph, ref.index, ref.op) for ref in island.ops] == [(2, 1, "SIN")]
