"""Every kind of ill health, planted and found; and none found in sound models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from spelled_tflite import Spelled, write_spelled

from litesmith.core.audit import HealthIssue
from litesmith.core.layers import layer_names
from litesmith.core.results import Severity
from litesmith.inspection.health import issues
from litesmith.runtime.flatbuffer import ModelFile

Rows = npt.NDArray[np.int8]


def issues_of(path: Path) -> dict[str, HealthIssue]:
    with ModelFile(path) as file:
        layers = {subgraph.index: layer_names(subgraph) for subgraph in file.graph.subgraphs}
        return {issue.code: issue for issue in issues(file, layers)}


def sound_rows(channels: int = 4, width: int = 64) -> Rows:
    """Weights that use their range: each channel reaches 127 once."""
    rows = np.random.default_rng(7).integers(-90, 91, (channels, width)).astype(np.int8)
    rows[:, 0] = 127
    return rows


def dense(folder: Path, rows: npt.NDArray[Any], **change: Any) -> Path:
    """An int8 FULLY_CONNECTED with these weights; a change replaces how a tensor is declared."""
    channels, width = rows.shape
    scales = [0.01 * (channel + 1) for channel in range(channels)]
    tensors: dict[str, Any] = {
        "x": ("int8", (1, width), 0.5, 3),
        "w": ("int8", (channels, width), scales, 0),
        "b": ("int32", (channels,), [0.5 * scale for scale in scales], 0),
        "y": ("int8", (1, channels), 0.25, -4),
    }
    constants = {"w": rows, "b": np.arange(channels, dtype=np.int32)}
    call = ("FULLY_CONNECTED", 1, ["x", "w", "b"], ["y"])
    return write_spelled(folder / "d.tflite", [Spelled(tensors | change, [call], ["x"], ["y"], constants)])


def joined(folder: Path, name: str, *given: tuple[Any, ...], made: tuple[Any, ...]) -> Path:
    """An operator on these quantized tensors."""
    tensors = {f"t{place}": entry for place, entry in enumerate(given)} | {"y": made}
    read = list(tensors)[:-1]
    return write_spelled(folder / "j.tflite", [Spelled(tensors, [(name, 1, read, ["y"])], read, ["y"])])


def test_sound_weights_have_no_issue(tmp_path: Path) -> None:
    assert issues_of(dense(tmp_path, sound_rows())) == {}


def test_one_scale_for_channels_of_very_different_ranges(tmp_path: Path) -> None:
    rows = sound_rows()
    rows[2] //= 30
    found = issues_of(dense(tmp_path, rows, w=("int8", rows.shape, 0.01, 0), b=("int32", (4,), 0.005, 0)))
    issue = found["per-tensor-weights"]
    assert issue.severity is Severity.WARNING
    assert "one scale for 4 output channels" in issue.message
    assert "channel 2 uses 4 of 127 steps" in issue.message
    assert [(ref.op, ref.index) for ref in issue.ops] == [("FULLY_CONNECTED", 0)]
    assert issue.tensors == ("w",)


def test_one_scale_for_even_channels_is_only_noted(tmp_path: Path) -> None:
    found = issues_of(dense(tmp_path, sound_rows(), w=("int8", (4, 64), 0.01, 0), b=("int32", (4,), 0.005, 0)))
    assert {code: issue.severity for code, issue in found.items()} == {"per-tensor-weights-even": Severity.INFO}


def test_weights_that_are_all_alike(tmp_path: Path) -> None:
    assert "all 256 values are 0" in issues_of(dense(tmp_path, np.zeros((4, 64), np.int8)))["dead-weights"].message


def test_dead_channels(tmp_path: Path) -> None:
    rows = sound_rows()
    rows[[1, 3]] = 0
    found = issues_of(dense(tmp_path, rows))
    assert "2 of 4 output channels have zero weights only" in found["dead-channels"].message
    assert found["dead-channels"].severity is Severity.INFO


def test_saturated_weights(tmp_path: Path) -> None:
    rows = sound_rows()
    rows[:, :20] = 127
    assert "31.2 % of its values are at the ends" in issues_of(dense(tmp_path, rows))["saturated-weights"].message


def test_a_range_of_which_less_than_half_is_used(tmp_path: Path) -> None:
    rows = sound_rows()
    rows[1] //= 3
    issue = issues_of(dense(tmp_path, rows))["unused-weight-range"]
    assert "1 of 4 output channels use less than half of their range; the least uses 42 of 127 steps" in issue.message


def test_asymmetric_weights_and_bias(tmp_path: Path) -> None:
    found = issues_of(dense(tmp_path, sound_rows(), w=("int8", (4, 64), [0.01, 0.02, 0.03, 0.04], 5)))
    assert found["asymmetric-weights"].severity is Severity.ERROR
    assert "4 of 4 zero points are not 0, such as 5" in found["asymmetric-weights"].message
    found = issues_of(dense(tmp_path, sound_rows(), b=("int32", (4,), [0.005, 0.01, 0.015, 0.02], 9)))
    assert "zero point 9 instead of 0" in found["bias-zero-point"].message


def test_a_bias_whose_scale_is_not_input_times_weights(tmp_path: Path) -> None:
    found = issues_of(dense(tmp_path, sound_rows(), b=("int32", (4,), [0.005, 0.01, 0.015, 0.04], 0)))
    assert "has scale 0.04, but input times weights is 0.02 in channel 3" in found["bias-scale"].message


@pytest.mark.parametrize(
    ("name", "scale", "point"),
    [("LOGISTIC", 1 / 256, -128), ("SOFTMAX", 1 / 256, -128), ("TANH", 1 / 128, 0), ("LOG_SOFTMAX", 1 / 16, 127)],
)
def test_outputs_with_a_fixed_range(tmp_path: Path, name: str, scale: float, point: int) -> None:
    given = ("int8", (1, 4), 0.3, 1)
    assert issues_of(joined(tmp_path, name, given, made=("int8", (1, 4), scale, point))) == {}
    found = issues_of(joined(tmp_path, name, given, made=("int8", (1, 4), scale * 1.01, point)))
    assert list(found) == ["output-scale-not-fixed"]
    found = issues_of(joined(tmp_path, name, given, made=("int8", (1, 4), scale, point - 1)))
    assert list(found) == ["output-scale-not-fixed"]


@pytest.mark.parametrize("name", ["MAX_POOL_2D", "RESHAPE", "TRANSPOSE", "PAD", "GATHER", "AVERAGE_POOL_2D"])
def test_operators_that_pass_integers_on(tmp_path: Path, name: str) -> None:
    given = ("int8", (1, 4), 0.3, 1)
    assert issues_of(joined(tmp_path, name, given, made=given)) == {}
    issue = issues_of(joined(tmp_path, name, given, made=("int8", (1, 4), 0.31, 1)))["scale-changes-in-passing"]
    assert "takes scale 0.3, zero point 1 and gives scale 0.31, zero point 1" in issue.message


def test_a_concatenation_of_different_scales(tmp_path: Path) -> None:
    one, other = ("int8", (1, 4), 0.3, 1), ("int8", (1, 4), 0.9, 1)
    assert issues_of(joined(tmp_path, "CONCATENATION", one, one, made=("int8", (1, 8), 0.3, 1))) == {}
    issue = issues_of(joined(tmp_path, "CONCATENATION", one, other, made=("int8", (1, 8), 0.3, 1)))[
        "concatenation-scales"
    ]
    assert "1 of 2 inputs differ; 't1' has scale 0.9" in issue.message


def test_an_add_of_very_different_scales(tmp_path: Path) -> None:
    one, made = ("int8", (1, 4), 0.3, 1), ("int8", (1, 4), 0.5, 1)
    assert issues_of(joined(tmp_path, "ADD", one, ("int8", (1, 4), 0.15, 0), made=made)) == {}
    issue = issues_of(joined(tmp_path, "ADD", one, ("int8", (1, 4), 0.1, 0), made=made))["add-scales"]
    assert "differ by a factor of 3.0 (limit 2)" in issue.message


def test_asymmetric_int16_and_dead_ranges(tmp_path: Path) -> None:
    given = ("int16", (1, 4), 0.3, 0)
    found = issues_of(joined(tmp_path, "RELU", given, made=("int16", (1, 4), 0.3, 2)))
    assert found["asymmetric-int16"].severity is Severity.ERROR
    found = issues_of(joined(tmp_path, "RELU", ("int8", (1, 4), 0.3, 0), made=("int8", (1, 4), 1e-9, 0)))
    assert "its range spans 2.55e-07" in found["dead-range"].message


def test_bytes_that_are_stored_twice(tmp_path: Path) -> None:
    rows = sound_rows(8, 256)
    other = rows.copy()
    other[5, 5] += 1
    scales = [0.01] * 8
    shape = ("int8", (8, 256), scales, 0)
    tensors = {"x": ("int8", (1, 256), 0.5, 0), "a": shape, "b": shape, "c": shape} | dict.fromkeys(
        ("p", "q", "r"), ("int8", (1, 8), 0.25, 0)
    )
    calls = [("FULLY_CONNECTED", 1, ["x", weights], [made]) for weights, made in zip("abc", "pqr", strict=True)]
    constants = {"a": rows, "b": rows, "c": other}
    path = write_spelled(tmp_path / "t.tflite", [Spelled(tensors, calls, ["x"], ["p", "q", "r"], constants)])
    issue = issues_of(path)["duplicate-buffers"]
    assert issue.tensors == ("a", "b")
    assert "stored 2 times" in issue.message


def test_float_weights_in_a_quantized_model(tmp_path: Path) -> None:
    rows = sound_rows()
    tensors = {
        "x": ("int8", (1, 64), 0.5, 3),
        "w": ("int8", (4, 64), [0.01] * 4, 0),
        "y": ("int8", (1, 4), 0.25, -4),
        "f": ("float32", (1, 4)),
        "v": ("float32", (512, 4)),
        "z": ("float32", (1, 512)),
    }
    calls = [
        ("FULLY_CONNECTED", 1, ["x", "w"], ["y"]),
        ("DEQUANTIZE", 1, ["y"], ["f"]),
        ("FULLY_CONNECTED", 1, ["f", "v"], ["z"]),
    ]
    constants = {"w": rows, "v": np.random.default_rng(7).normal(0, 1, (512, 4)).astype(np.float32)}
    issue = issues_of(write_spelled(tmp_path / "f.tflite", [Spelled(tensors, calls, ["x"], ["z"], constants)]))
    assert "holds 8.19 KB of float32 in a quantized model" in issue["float-weights"].message


def test_the_worst_stands_first_and_the_others_are_counted(tmp_path: Path) -> None:
    tensors = {"t0": ("int8", (1, 4), 0.3, 1), "t1": ("int8", (1, 4), 0.4, 1), "t2": ("int8", (1, 4), 4.0, 1)}
    calls = [("RESHAPE", 1, ["t0"], ["t1"]), ("RESHAPE", 1, ["t1"], ["t2"])]
    path = write_spelled(tmp_path / "two.tflite", [Spelled(tensors, calls, ["t0"], ["t2"])])
    issue = issues_of(path)["scale-changes-in-passing"]
    assert "gives scale 4, zero point 1" in issue.message
    assert issue.message.endswith("and 1 more like it")
    assert len(issue.ops) == 2


def test_variants_of_litesmith_are_sound(variants: dict[str, Path]) -> None:
    """Notes on what the file cannot help are allowed; warnings are not."""
    for key, path in variants.items():
        loud = [issue for issue in issues_of(path).values() if issue.severity is not Severity.INFO]
        assert loud == [], key


@pytest.mark.tensorflow
@pytest.mark.filterwarnings("ignore:Statistics for quantized inputs")  # it was given samples; it says so always
def test_the_converters_own_int8_is_sound(tmp_path: Path) -> None:
    """A small inverted residual, as in MobileNetV2, quantized by TFLiteConverter itself."""
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(7)
    layers = keras.layers
    image = keras.Input((16, 16, 8), batch_size=1)
    hidden = layers.ReLU(6.0)(layers.BatchNormalization()(layers.Conv2D(24, 1, use_bias=False)(image)))
    hidden = layers.ReLU(6.0)(layers.BatchNormalization()(layers.DepthwiseConv2D(3, padding="same")(hidden)))
    added = layers.Add()([image, layers.BatchNormalization()(layers.Conv2D(8, 1, use_bias=False)(hidden))])
    scores = layers.Dense(5, activation="softmax")(layers.GlobalAveragePooling2D()(added))
    converter = tf.lite.TFLiteConverter.from_keras_model(keras.Model(image, scores))
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    random = np.random.default_rng(7)
    samples = random.normal(0, 1, (8, 1, 16, 16, 8)).astype(np.float32)
    converter.representative_dataset = lambda: ([sample] for sample in samples)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    path = tmp_path / "theirs.tflite"
    path.write_bytes(converter.convert())
    assert [issue for issue in issues_of(path).values() if issue.severity is not Severity.INFO] == []
