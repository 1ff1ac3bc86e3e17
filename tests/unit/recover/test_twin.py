"""The twin that is trained: equal to the model, rounded as LiteRT rounds, and open to gradients. Starts TensorFlow."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

from litesmith.core.isolated import Pool, Worker
from litesmith.quantize.scheme import Interface
from litesmith.recover.rounding import grid_of
from litesmith.runtime.flatbuffer import read_graph

pytestmark = pytest.mark.tensorflow


def test_a_model_taken_apart_and_folded_answers_the_same(tensorflow: Worker) -> None:
    made = tensorflow.call("recovery_models:taken_apart", timeout_s=120)
    assert made["difference"] < 1e-5
    assert made["unchanged"], "the user's model was changed"
    assert made["folded"] == ("after_conv", "after_depthwise", "after_pointwise", "after_transposed", "inside")
    assert made["kinds"].count("BatchNormalization") == 2
    assert "SeparableConv2D" not in made["kinds"]
    assert "Dropout" not in made["kinds"]
    assert made["left_float"] == ("strange (LayerNormalization)",)
    assert made["probabilities"] == (True,)


def test_what_a_tflite_rounds_is_rounded_and_nothing_else(tensorflow: Worker) -> None:
    made = dict(tensorflow.call("recovery_models:taken_apart", timeout_s=120)["rounding"])
    assert made["scores"] == "none", "softmax has a scale of its own"
    assert made["scores_linear"] == "own"
    assert made["strange"] == "none"
    assert made["alone"] == "own"
    convolutions = {name: how for name, how in made.items() if name.startswith(("conv2d", "depthwise", "separable"))}
    assert "none" in convolutions.values(), "a ReLU after it is fused"
    assert "own" in convolutions.values()


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("subclassed", "is a Own with code of its own"),
        ("subclassed inside", "is a Own with code of its own"),
        ("lambda", "layer 'twice' is a Lambda"),
        ("plain", ""),
    ],
)
def test_code_that_training_cannot_look_into_is_refused(tensorflow: Worker, what: str, words: str) -> None:
    made = tensorflow.call("recovery_models:refusal", timeout_s=120, what=what)
    assert words in made
    assert bool(made) == bool(words)


def test_rounding_is_that_of_litert(tensorflow: Worker, pool: Pool, tmp_path: Path) -> None:
    from ai_edge_litert.interpreter import Interpreter

    model = tensorflow.call("recovery_models:save_conv", timeout_s=120, folder=tmp_path)
    ranges = {t.name: (-1.3, 2.1) for t in read_graph(model).main.activations()}
    pool.workers[0].call(
        "litesmith.quantize.build:build",
        float_model=model,
        out=tmp_path / "int8.tflite",
        scheme="int8",
        ranges=ranges,
        interface=Interface.FLOAT32,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that kept tensors take memory
        interpreter = Interpreter(str(tmp_path / "int8.tflite"), experimental_preserve_all_tensors=True)
    interpreter.allocate_tensors()
    details = interpreter.get_tensor_details()
    values = np.random.default_rng(0).uniform(-2, 3, (1, 6, 6, 3)).astype(np.float32)
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], values)
    interpreter.invoke()

    kernel = next(d for d in details if d["dtype"] is np.int8 and list(d["shape"]) == [8, 3, 3, 3])
    scales = kernel["quantization_parameters"]["scales"][:, None, None, None]
    stored = (interpreter.get_tensor(kernel["index"]) * scales).transpose(1, 2, 3, 0)
    np.testing.assert_allclose(np.load(tmp_path / "rounded.npy"), stored, atol=1e-6)

    entry = next(d for d in details if d["dtype"] is np.int8 and list(d["shape"]) == [1, 6, 6, 3])
    scale, zero = entry["quantization"]
    held = (interpreter.get_tensor(entry["index"]).astype(np.float32) - zero) * np.float32(scale)
    made, gradient = tensorflow.call(
        "recovery_models:rounded", timeout_s=60, values=values, scale=scale, zero_point=zero
    )
    np.testing.assert_allclose(made, held, atol=1e-6)
    inside = (values >= (-128 - zero) * scale) & (values <= (127 - zero) * scale)
    assert 0 < inside.mean() < 1
    np.testing.assert_array_equal(gradient, inside.astype(np.float32))
    ours = grid_of(-1.3, 2.1)
    assert (ours.scale, ours.zero_point) == (pytest.approx(scale), zero)


def test_the_gradient_passes_rounded_weights(tensorflow: Worker) -> None:
    kernel = np.random.default_rng(0).normal(size=(7, 3)).astype(np.float32)
    made = tensorflow.call("recovery_models:weight_gradient", timeout_s=60, kernel=kernel)
    np.testing.assert_array_equal(made, np.ones_like(kernel))
