"""Changes to a .tflite in memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tiny_tflite import write_rnn

from litesmith.core.errors import EvaluationError, PluginError, SourceError
from litesmith.core.graph import BYTE_INPUTS
from litesmith.runtime.editing import EditableModel
from litesmith.runtime.flatbuffer import ModelFile, byte_inputs, read_graph
from litesmith.runtime.single_op import SingleOp


def constant(model: EditableModel, name: str) -> int:
    return next(t.index for t in model.main.tensors if t.name == name)


def test_new_values_reach_the_file_and_nothing_else_changes(cnn: Path, tmp_path: Path) -> None:
    model = EditableModel(cnn)
    weights = constant(model, "dense/w")
    wanted = model.values(weights) * 2
    model.set_values(weights, wanted)
    model.save(tmp_path / "changed.tflite")
    with ModelFile(cnn) as old, ModelFile(tmp_path / "changed.tflite") as new:
        assert new.graph.main == old.graph.main
        for tensor in old.graph.main.tensors:
            if tensor.constant:
                expected = wanted if tensor.index == weights else old.values(tensor)
                assert np.array_equal(new.values(new.graph.main.tensors[tensor.index]), expected)


def test_a_shared_buffer_is_parted(cnn: Path) -> None:
    model = EditableModel(cnn)
    one, other = constant(model, "conv/b"), constant(model, "depthwise/b")
    model._main.tensors[other].buffer = model._main.tensors[one].buffer
    before = model.values(other).copy()
    model.set_values(one, before + 1)
    assert np.array_equal(model.values(other), before)
    assert np.array_equal(model.values(one), before + 1)


def test_another_shape_or_dtype_is_our_defect(cnn: Path) -> None:
    model = EditableModel(cnn)
    with pytest.raises(PluginError, match="cannot replace"):
        model.set_values(constant(model, "conv/b"), np.zeros(3, np.float32))


def test_an_activation_has_no_values(cnn: Path) -> None:
    model = EditableModel(cnn)
    with pytest.raises(EvaluationError, match="no constant"):
        model.values(model.main.inputs[0])


def test_scales_are_per_channel_or_one(int8: Path, tmp_path: Path) -> None:
    model = EditableModel(int8)
    weights = constant(model, "conv/w")
    scales = np.linspace(0.01, 0.08, 8).astype(np.float32)
    model.set_scales(weights, scales, axis=0)
    model.save(tmp_path / "m.tflite")
    with ModelFile(tmp_path / "m.tflite") as file:
        assert np.array_equal(file.scales(0, weights), scales)
        assert np.array_equal(file.zero_points(0, weights), np.zeros(8))


def test_metadata_is_added_once_and_replaced(cnn: Path, tmp_path: Path) -> None:
    model = EditableModel(cnn)
    model.set_metadata(BYTE_INPUTS, "0:1.0:0")
    model.set_metadata(BYTE_INPUTS, "0:0.5:128")
    model.save(tmp_path / "m.tflite")
    graph = read_graph(tmp_path / "m.tflite")
    assert [entry.text for entry in graph.metadata if entry.name == BYTE_INPUTS] == ["0:0.5:128"]
    assert byte_inputs(tmp_path / "m.tflite") == graph.byte_inputs == {0: (0.5, 128)}
    assert byte_inputs(cnn) == {}


def test_metadata_that_is_not_ours_says_nothing(cnn: Path, tmp_path: Path) -> None:
    model = EditableModel(cnn)
    model.set_metadata(BYTE_INPUTS, "first,1:x:2,2:0.5")
    model.save(tmp_path / "m.tflite")
    assert byte_inputs(tmp_path / "m.tflite") == {}


def test_state_of_a_recurrent_operator_begins_anew_for_each_sample(tmp_path: Path) -> None:
    model = EditableModel(write_rnn(tmp_path / "rnn.tflite"))
    single = SingleOp(model, 0)
    steps = np.random.default_rng(0).normal(size=(1, 1, 4, 3)).astype(np.float32)
    made = single.run_all([np.concatenate([steps, steps])])[0]
    assert np.array_equal(made[0], made[1])
    assert np.abs(made).max() > 0.01


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(b"not a model at all")
    with pytest.raises(SourceError):
        EditableModel(tmp_path / "m.tflite")
