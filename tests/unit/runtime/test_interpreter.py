"""Opening and running a .tflite."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from tiny_tflite import write_cnn, write_rnn, write_unpreparable

from litesmith.core.errors import EvaluationError, SourceError
from litesmith.core.tensors import TensorSpec
from litesmith.runtime.flatbuffer import read_graph
from litesmith.runtime.interpreter import OpenModel, describe


def picture(seed: int = 0, batch: int = 1) -> npt.NDArray[np.float32]:
    return np.random.default_rng(seed).uniform(0, 1, (batch, 8, 8, 3)).astype(np.float32)


def test_interfaces_bear_the_signatures_names_not_the_tensors(cnn: Path) -> None:
    signature, inputs, outputs = describe(cnn)
    assert signature == "serving_default"
    assert inputs == (TensorSpec(name="image", dtype="float32", shape=(1, 8, 8, 3)),)
    assert outputs == (TensorSpec(name="scores", dtype="float32", shape=(1, 5)),)


def test_interfaces_of_several_inputs_and_outputs_in_order(two_inputs: Path) -> None:
    _, inputs, outputs = describe(two_inputs)
    assert [(s.name, s.shape) for s in inputs] == [("left", (1, 4)), ("right", (1, 3))]
    assert [(s.name, s.shape) for s in outputs] == [("both", (1, 2)), ("chance", (1, 1))]


def test_integer_interfaces_carry_scale_and_zero_point(int8: Path) -> None:
    _, (image,), (scores,) = describe(int8)
    assert (image.dtype, image.zero_point, scores.dtype) == ("int8", -128, "int8")
    assert image.scale == pytest.approx(1 / 255)
    assert (scores.scale, scores.zero_point) == (1 / 256, -128)


def test_the_answers_are_probabilities_that_depend_on_the_input(cnn: Path) -> None:
    model = OpenModel(cnn)
    (first,), (second,) = model.invoke([picture(0)]), model.invoke([picture(1) * 0.2])
    assert first.sum() == pytest.approx(1)
    assert np.abs(first - second).max() > 0.01


def test_answers_are_copies_that_the_next_run_leaves_alone(cnn: Path) -> None:
    model = OpenModel(cnn)
    (first,) = model.invoke([picture(0)])
    before = first.copy()
    model.invoke([picture(1)])
    np.testing.assert_array_equal(first, before)


def test_a_dynamic_batch_is_one_unless_told(dynamic: Path, cnn: Path) -> None:
    model = OpenModel(dynamic)
    assert model.inputs[0].shape == (-1, 8, 8, 3)
    (alone,) = model.invoke([picture()])
    np.testing.assert_array_equal(alone, OpenModel(cnn).invoke([picture()])[0])
    (three,) = OpenModel(dynamic, shapes=[(3, 8, 8, 3)]).invoke([np.repeat(picture(), 3, axis=0)])
    assert three.shape == (3, 5)
    np.testing.assert_allclose(three, np.repeat(alone, 3, axis=0), rtol=1e-5)


def test_a_fixed_shape_is_not_resized(cnn: Path) -> None:
    assert OpenModel(cnn, shapes=[(3, 8, 8, 3)]).invoke([picture()])[0].shape == (1, 5)


def test_every_intermediate_tensor_can_be_kept(cnn: Path) -> None:
    model = OpenModel(cnn, preserve=True)
    index = {t.name: t.index for t in read_graph(cnn).main.tensors}
    wanted = [index["serving_default_image:0"], index["conv"], index["pooled"], index["sum"]]
    for seed in (0, 1):
        model.invoke([picture(seed)])
        image, conv, pooled, total = (np.array(view) for view in model.activations(wanted))
        np.testing.assert_array_equal(image, picture(seed))
        assert 0 <= conv.min() < conv.max() <= 6
        np.testing.assert_allclose(pooled, total.mean(axis=(1, 2)), rtol=1e-5)


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ([np.zeros((1, 8, 8, 1), np.float32)], "[Dd]imension"),
        ([np.zeros((1, 8, 8, 3), np.int8)], "INT8|type"),
        ([], "shorter"),
        ([np.zeros((1, 8, 8, 3), np.float32)] * 2, "longer"),
    ],
)
def test_inputs_that_do_not_fit(cnn: Path, inputs: list[Any], reason: str) -> None:
    model = OpenModel(cnn)
    with pytest.raises(EvaluationError, match=rf"^cnn\.tflite failed to run: .*({reason})"):
        model.invoke(inputs)


def test_a_model_that_cannot_be_prepared(tmp_path: Path) -> None:
    path = write_unpreparable(tmp_path / "odd.tflite")
    with pytest.raises(EvaluationError, match=r"^odd\.tflite cannot be prepared: .*prepare") as caught:
        describe(path)
    assert ".cc:" not in caught.value.message


@pytest.mark.parametrize("content", [b"", b"hello", b"\x1c\0\0\0TFL3", bytes(4000)])
def test_junk_is_no_model(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "junk.tflite"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=r"junk\.tflite is not a model the runtime can open: \S") as caught:
        OpenModel(path)
    assert caught.value.hint


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_truncated_model(tmp_path: Path, share: float) -> None:
    path = write_cnn(tmp_path / "cut.tflite")
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(SourceError, match=r"^cut\.tflite is not a model"):
        OpenModel(path)


def test_a_model_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"gone\.tflite is not a model the runtime can open"):
        OpenModel(tmp_path / "gone.tflite")


def test_a_sample_does_not_begin_with_the_state_of_the_one_before(tmp_path: Path) -> None:
    """A fused recurrent operator keeps its state in a variable tensor, which the runtime itself does not reset."""
    from ai_edge_litert.interpreter import Interpreter

    path = write_rnn(tmp_path / "rnn.tflite")
    steps = np.random.default_rng(1).normal(size=(1, 4, 3)).astype(np.float32)
    bare = Interpreter(str(path))
    bare.allocate_tensors()
    answers = []
    for _ in range(2):
        bare.set_tensor(bare.get_input_details()[0]["index"], steps)
        bare.invoke()
        answers.append(bare.get_tensor(bare.get_output_details()[0]["index"]))
    assert not np.allclose(*answers), "the model has no state, so this test shows nothing"
    model = OpenModel(path)
    for _ in range(2):
        np.testing.assert_array_equal(model.invoke([steps])[0], answers[0])
