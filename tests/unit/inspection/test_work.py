"""Multiply-accumulates and bytes, against models that can be counted by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from spelled_tflite import Spelled, write_spelled
from tiny_tflite import Drawing

from litesmith.core.layers import layer_names
from litesmith.inspection.work import Work, shares
from litesmith.runtime.flatbuffer import read_graph

F32 = "float32"


def work_of(path: Path) -> Work:
    graph = read_graph(path)
    return shares(graph, {subgraph.index: layer_names(subgraph) for subgraph in graph.subgraphs})


def one_op(folder: Path, name: str, shapes: list[tuple[int, ...]], made: tuple[int, ...]) -> Work:
    """Return the work of a model of one operator with inputs of these shapes."""
    tensors = {f"t{i}": (F32, shape) for i, shape in enumerate(shapes)} | {"made": (F32, made)}
    read = [f"t{i}" for i in range(len(shapes))]
    return work_of(
        write_spelled(folder / "one.tflite", [Spelled(tensors, [(name, 1, read, ["made"])], read, ["made"])])
    )


COUNTED = [
    ("CONV_2D", [(1, 8, 8, 3), (16, 3, 3, 3), (16,)], (1, 4, 4, 16), 4 * 4 * 16 * 3 * 3 * 3),
    ("CONV_2D", [(1, 8, 8, 12), (6, 1, 1, 4), (6,)], (1, 8, 8, 6), 8 * 8 * 6 * 4),  # three groups
    ("CONV_2D", [(2, 8, 8, 3), (16, 3, 3, 3), (16,)], (2, 4, 4, 16), 2 * 4 * 4 * 16 * 27),
    ("DEPTHWISE_CONV_2D", [(1, 8, 8, 4), (1, 3, 5, 8), (8,)], (1, 8, 8, 8), 8 * 8 * 8 * 15),
    ("TRANSPOSE_CONV", [(4,), (8, 2, 2, 16), (1, 4, 4, 16)], (1, 8, 8, 8), 4 * 4 * 16 * 8 * 2 * 2),
    ("CONV_3D", [(1, 4, 4, 4, 2), (2, 3, 3, 2, 5)], (1, 3, 2, 2, 5), 3 * 2 * 2 * 5 * 2 * 3 * 3 * 2),
    ("CONV_3D_TRANSPOSE", [(5,), (2, 3, 3, 4, 5), (1, 3, 2, 2, 5)], (1, 4, 4, 4, 4), 3 * 2 * 2 * 5 * 2 * 3 * 3 * 4),
    ("FULLY_CONNECTED", [(1, 16), (10, 16), (10,)], (1, 10), 160),
    ("FULLY_CONNECTED", [(1, 7, 16), (10, 16), (10,)], (1, 7, 10), 7 * 160),
    ("BATCH_MATMUL", [(2, 3, 5, 7), (2, 3, 7, 11)], (2, 3, 5, 11), 6 * 5 * 7 * 11),
    ("RNN", [(1, 4), (8, 4), (8, 8), (8,), (1, 8)], (1, 8), 8 * 4 + 8 * 8),
    ("UNIDIRECTIONAL_SEQUENCE_RNN", [(1, 6, 4), (8, 4), (8, 8), (8,), (1, 8)], (1, 6, 8), 6 * (8 * 4 + 8 * 8)),
    ("LSTM", [(1, 4), (1, 8), (32, 12), (32,), (1, 8)], (1, 8), 32 * 12),
    ("SVDF", [(1, 4), (6, 4), (6, 10), (3,), (1, 60)], (1, 3), 6 * 4 + 6 * 10),
    ("ADD", [(1, 8), (1, 8)], (1, 8), 0),
    ("AVERAGE_POOL_2D", [(1, 8, 8, 4)], (1, 4, 4, 4), 0),
]


@pytest.mark.parametrize(("name", "shapes", "made", "macs"), COUNTED)
def test_one_operator_by_hand(
    tmp_path: Path, name: str, shapes: list[tuple[int, ...]], made: tuple[int, ...], macs: int
) -> None:
    found = one_op(tmp_path, name, shapes, made)
    assert found.macs == macs
    assert found.uncounted == ()


def test_a_sequence_lstm_multiplies_eight_weights_each_step(tmp_path: Path) -> None:
    shapes = [(1, 5, 4), *(4 * ((8, 4),)), *(4 * ((8, 8),))]
    assert one_op(tmp_path, "UNIDIRECTIONAL_SEQUENCE_LSTM", shapes, (1, 5, 8)).macs == 5 * 4 * (8 * 4 + 8 * 8)


def test_a_custom_operator_is_named_and_not_guessed(tmp_path: Path) -> None:
    found = one_op(tmp_path, "Mystery", [(1, 8)], (1, 8))
    assert (found.macs, found.uncounted) == (0, ("CUSTOM:Mystery",))


def test_an_operator_with_too_few_tensors_is_uncounted(tmp_path: Path) -> None:
    assert one_op(tmp_path, "CONV_2D", [(1, 8, 8, 3)], (1, 4, 4, 16)).uncounted == ("CONV_2D",)


def test_the_whole_classifier(cnn: Path) -> None:
    found = work_of(cnn)
    by_op = {share.name: share for share in found.by_op}
    assert by_op["CONV_2D"].macs == 8 * 8 * 8 * 27
    assert by_op["DEPTHWISE_CONV_2D"].macs == 8 * 8 * 8 * 9
    assert by_op["FULLY_CONNECTED"].macs == 5 * 8
    assert found.macs == 8 * 8 * 8 * 36 + 40
    assert by_op["CONV_2D"].weight_bytes == 4 * (8 * 27 + 8)
    assert sum(share.macs for share in found.by_layer) == found.macs
    assert [share.weight_bytes for share in found.by_op] == sorted((s.weight_bytes for s in found.by_op), reverse=True)


def test_a_shared_constant_counts_once(tmp_path: Path) -> None:
    draw = Drawing()
    first = draw.tensor("x", (1, 4))
    weights = draw.constant("w", np.ones((4, 4), np.float32))
    second = draw.op("FULLY_CONNECTED", [first, weights, -1], "a/y", (1, 4))
    third = draw.op("FULLY_CONNECTED", [second, weights, -1], "b/z", (1, 4))
    found = work_of(draw.save(tmp_path / "shared.tflite", {"x": first}, {"z": third}))
    assert [share.weight_bytes for share in found.by_op] == [64]
    assert found.macs == 32


def test_a_loop_counts_once_and_says_so(tmp_path: Path) -> None:
    state = {"x": (F32, (1, 4)), "y": (F32, (1, 4))}
    main = Spelled(state, [("WHILE", 1, ["x"], ["y"], 1, 2)], ["x"], ["y"])
    flag = Spelled({"x": (F32, (1, 4)), "go": ("bool", (1,))}, [("LESS", 1, ["x", "x"], ["go"])], ["x"], ["go"])
    body = Spelled(
        {**state, "w": (F32, (4, 4))},
        [("FULLY_CONNECTED", 1, ["x", "w"], ["y"])],
        ["x"],
        ["y"],
        {"w": np.ones((4, 4), np.float32)},
    )
    aside = Spelled(
        {**state, "w": (F32, (4, 4))}, [("FULLY_CONNECTED", 1, ["x", "w"], ["y"])], ["x"], ["y"]
    )  # another signature: run by nothing here
    found = work_of(write_spelled(tmp_path / "loop.tflite", [main, flag, body, aside]))
    assert (found.macs, found.uncounted) == (16, ("WHILE",))


def test_weights_behind_a_dequantize_count_where_they_are_used(tmp_path: Path) -> None:
    tensors = {
        "x": ("float32", (1, 4)),
        "stored": ("float16", (2, 4)),
        "weights": ("float32", (2, 4)),
        "y": ("float32", (1, 2)),
        "loose": ("float16", (3,)),
        "nobody": ("float32", (3,)),
    }
    ops = [
        ("DEQUANTIZE", 3, ["stored"], ["weights"]),
        ("FULLY_CONNECTED", 1, ["x", "weights"], ["y"]),
        ("DEQUANTIZE", 3, ["loose"], ["nobody"]),
    ]
    constants = {"stored": np.ones((2, 4), np.float16), "loose": np.ones(3, np.float16)}
    path = write_spelled(tmp_path / "half.tflite", [Spelled(tensors, ops, ["x"], ["y"], constants)])
    graph = read_graph(path)
    made = shares(graph, {0: layer_names(graph.main)})
    assert {row.name: row.weight_bytes for row in made.by_op} == {"FULLY_CONNECTED": 16, "DEQUANTIZE": 6}
