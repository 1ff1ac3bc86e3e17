"""Reading a graph from the file agrees with the runtime, and damage is an error of ours."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from handmade_files import write_h5, write_tflite
from tiny_tflite import Drawing, write_cnn

from litesmith.core.errors import SourceError
from litesmith.runtime.flatbuffer import read_graph
from litesmith.runtime.interpreter import describe


@pytest.fixture(params=["cnn", "sine", "dynamic", "two_inputs", "int8"])
def model(request: pytest.FixtureRequest) -> Path:
    path: Path = request.getfixturevalue(request.param)
    return path


def test_interfaces_agree_with_the_runtime(model: Path) -> None:
    graph = read_graph(model)
    assert (graph.signature, graph.input_specs, graph.output_specs) == describe(model)


def test_tensors_agree_with_the_runtime(model: Path) -> None:
    details: list[dict[str, Any]] = Interpreter(model_path=str(model)).get_tensor_details()
    tensors = {t.index: t for t in read_graph(model).main.tensors}
    for detail in details:
        if detail["index"] not in tensors:
            continue  # the runtime's own scratch
        tensor = tensors[detail["index"]]
        quantization = detail["quantization_parameters"]
        assert tensor.name == detail["name"]
        assert tensor.dtype == np.dtype(detail["dtype"]).name
        assert list(tensor.shape) == list(
            detail["shape_signature"] if len(detail["shape_signature"]) else detail["shape"]
        )
        assert tensor.scales == len(quantization["scales"])
        if tensor.scales:
            assert tensor.scale == quantization["scales"][0]
            assert tensor.zero_point == quantization["zero_points"][0]
    assert len(tensors) >= 7


def test_operators_and_weights(cnn: Path) -> None:
    graph = read_graph(cnn)
    assert [op.name for op in graph.main.ops] == [
        "CONV_2D", "DEPTHWISE_CONV_2D", "ADD", "MEAN", "FULLY_CONNECTED", "SOFTMAX",
    ]  # fmt: skip
    assert [op.weight_bytes for op in graph.main.ops] == [4 * 8 * 28, 4 * 8 * 10, 0, 8, 4 * 5 * 9, 0]
    assert {op.version for op in graph.main.ops} == {1}
    assert [graph.main.tensors[i].name for i in graph.main.ops[2].inputs] == ["conv", "depthwise"]
    assert (graph.description, len(graph.subgraphs), graph.size_bytes) == ("handmade", 1, cnn.stat().st_size)


def test_an_omitted_input_is_minus_one_and_weighs_nothing(two_inputs: Path, tmp_path: Path) -> None:
    assert read_graph(two_inputs).main.ops[3].inputs[2] == -1
    draw = Drawing()
    fed, kernel = draw.tensor("x", (1, 2)), draw.constant("w", np.ones((1, 2), np.float32))
    made = draw.op("FULLY_CONNECTED", [fed, kernel, -1], "y", (1, 1))
    draw.constant("last", np.zeros(500, np.float32))
    graph = read_graph(draw.save(tmp_path / "model.tflite", {"x": fed}, {"y": made}))
    assert graph.main.ops[0].weight_bytes == 8


def test_activations_are_what_is_fed_or_computed(cnn: Path) -> None:
    names = [t.name for t in read_graph(cnn).main.activations()]
    assert names == [
        "serving_default_image:0", "conv", "depthwise", "sum", "pooled", "logits", "StatefulPartitionedCall:0",
    ]  # fmt: skip


def test_float_operators_are_those_with_float_activations(cnn: Path, int8: Path) -> None:
    assert [op.name for op in read_graph(cnn).main.float_ops()] == list(read_graph(cnn).main.op_counts())
    assert read_graph(int8).main.float_ops() == []


def test_counts_stand_most_frequent_first(two_inputs: Path) -> None:
    assert list(read_graph(two_inputs).main.op_counts().items()) == [
        ("FULLY_CONNECTED", 3),
        ("ADD", 1),
        ("LOGISTIC", 1),
    ]


def test_another_kind_of_file(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"is not a \.tflite: bytes 4 to 8 are b'\\r\\n") as caught:
        read_graph(write_h5(tmp_path / "model.tflite"))
    assert "litesmith convert" in caught.value.hint
    (tmp_path / "empty").touch()
    with pytest.raises(SourceError):
        read_graph(tmp_path / "empty")


def test_a_model_without_operators(tmp_path: Path) -> None:
    graph = read_graph(write_tflite(tmp_path / "bare.tflite"))
    assert (graph.main.ops, graph.signature, graph.input_specs) == ((), "", ())


def test_truncated_files_are_read_or_refused(tmp_path: Path) -> None:
    data = write_cnn(tmp_path / "whole.tflite").read_bytes()
    path = tmp_path / "cut.tflite"
    refused = 0
    for length in range(0, len(data), 13):
        path.write_bytes(data[:length])
        refused += was_refused(path)
    assert refused > 0.9 * len(data) / 13


def test_damaged_files_are_read_or_refused(tmp_path: Path) -> None:
    """Random bytes and bits; most hit weights and change nothing that is read."""
    data = write_cnn(tmp_path / "whole.tflite").read_bytes()
    path = tmp_path / "bad.tflite"
    chance = random.Random(3)
    refused = 0
    for _ in range(400):
        changed = bytearray(data)
        for _ in range(chance.choice((1, 4, 30))):
            changed[chance.randrange(len(data))] = chance.choice((0, 255, chance.randrange(256)))
        path.write_bytes(changed)
        refused += was_refused(path)
    assert 40 < refused < 400


def was_refused(path: Path) -> bool:
    """Anything but an error of ours gets through to the test."""
    try:
        read_graph(path)
    except SourceError as error:
        return path.name in error.message
    return False


def test_an_index_below_zero_is_damage_not_the_last_tensor(tmp_path: Path) -> None:
    draw = Drawing()
    fed = draw.tensor("x", (1, 2))
    made = draw.op("SIN", [-2], "y", (1, 2))
    with pytest.raises(SourceError, match=r"odd\.tflite is damaged: operator 0 names tensor -2 of 2"):
        read_graph(draw.save(tmp_path / "odd.tflite", {"x": fed}, {"y": made}))
