import os
from dataclasses import replace
from pathlib import Path

import pytest
from ai_edge_litert.interpreter import Interpreter

from litesmith.core.errors import ConversionError, SourceError
from litesmith.sources.recognise import recognise

pytestmark = pytest.mark.tensorflow

PROCESS = "litesmith.convert.tensorflow_process"


@pytest.mark.parametrize("builder_name", ["tiny_cnn", "keras_2_cnn"])
def test_exported_by_keras(builder_name, tiny, convert, samples, difference):
    opened, conversion = convert(tiny(builder_name, "sm", kind="saved_model"))
    assert opened.framework.startswith("TensorFlow 2.")
    assert opened.inputs[0].name == "image"
    assert conversion.route == "wrapped"
    assert conversion.inputs[0].shape == (1, 8, 8, 3)
    assert difference(conversion, samples(conversion.inputs)) < 1e-5


def test_several_inputs_and_outputs(tiny, convert, samples, difference):
    _, conversion = convert(tiny("listed", "sm", kind="saved_model"))
    assert [spec.name for spec in conversion.inputs] == ["ant", "zebra"]
    assert difference(conversion, samples(conversion.inputs)) < 1e-5


def test_tensorflow_1_style(tiny, convert, samples, difference):
    opened, conversion = convert(tiny("tf1", "sm"))
    assert [spec.name for spec in opened.inputs + opened.outputs] == ["x", "y"]
    assert conversion.inputs[0].shape == (1, 3)
    assert difference(conversion, samples(conversion.inputs)) < 1e-5


def test_tf1_converter_gets_names_a_signature_and_a_static_batch(tiny, converter, tmp_path):
    path = tiny("tf1", "sm")
    converter.open(path, recognise(path))
    out = tmp_path / "m.tflite"
    made = converter._worker.call(
        f"{PROCESS}:run_rung", rung="tf1_converter", out=out, folder=tmp_path / "work", batch=1
    )
    assert [(spec.name, spec.shape) for spec in made.inputs + made.outputs] == [("x", (1, 3)), ("y", (1, 2))]
    assert Interpreter(str(out)).get_signature_list() == {"serving_default": {"inputs": ["x"], "outputs": ["y"]}}


def test_direct_route_is_refused_when_it_leaves_the_batch_dynamic(tiny, converter, tmp_path):
    path = tiny("tiny_cnn", "sm", kind="saved_model")
    converter.open(path, recognise(path))
    with pytest.raises(ConversionError, match="came out with batch -1; asked was 1"):
        converter._worker.call(
            f"{PROCESS}:run_rung", rung="from_saved_model", out=tmp_path / "m", folder=tmp_path / "w", batch=1
        )
    assert not (tmp_path / "m").exists()


def test_objects_that_cannot_be_rebuilt_leave_the_graph(tiny, converter, samples, difference, tmp_path):
    path = tiny("tiny_cnn", "sm", kind="saved_model")
    opened = converter.open(path, replace(recognise(path), opener="failing_openers:open_without_objects"))
    assert "has no attribute 'add_slot'" in opened.actions[0]
    conversion = converter.convert(tmp_path / "m.tflite")
    assert conversion.route == "tf1_converter"
    assert [a.rung for a in conversion.attempts] == ["wrapped", "tf1_converter"]
    assert [(s.name, s.shape) for s in conversion.inputs] == [("image", (1, 8, 8, 3))]
    assert difference(conversion, samples(conversion.inputs)) < 1e-5


def test_signature_of_another_name_is_used_and_said(tiny, converter):
    path = tiny("function", "sm", what="named")
    opened = converter.open(path, recognise(path))
    assert opened.actions == ("the SavedModel has no signature 'serving_default'; used its only one, 'predict'",)


def test_without_signature(tiny, converter):
    path = tiny("function", "sm", what="unsigned")
    with pytest.raises(SourceError, match="without signatures"):
        converter.open(path, recognise(path))


def test_text_input_is_refused_by_name(tiny, convert):
    with pytest.raises(ConversionError, match="input 'text' is of type string"):
        convert(tiny("function", "sm", what="string"))


def test_operator_without_kernel_is_named(tiny, convert):
    with pytest.raises(ConversionError, match=r"tf\.MatrixInverse") as caught:
        convert(tiny("function", "sm", what="inverse"))
    assert [a.rung for a in caught.value.attempts] == ["wrapped", "select_tf_ops"]
    assert caught.value.attempts[0].message == "no TFLite kernel for tf.MatrixInverse"


def bench(*parts):
    folder = os.environ.get("LITESMITH_BENCH_DATA")
    if not folder:
        pytest.skip("LITESMITH_BENCH_DATA is not set")
    return Path(folder, *parts)


@pytest.mark.bench_data
def test_mobilenet_of_keras_2(convert, samples, difference):
    opened, conversion = convert(bench("mobilenet_v1_025", "mobilenet_v1_0.25_224.h5"))
    assert opened.framework == "Keras 2.8.0"
    assert [(s.name, s.shape) for s in conversion.inputs] == [("input_2", (1, 224, 224, 3))]
    assert difference(conversion, samples(conversion.inputs, 4)) < 1e-4


@pytest.mark.bench_data
@pytest.mark.parametrize("route", ["wrapped", "tf1_converter"])
def test_keyword_spotter(route, converter, samples, difference, tmp_path):
    path = bench("keywords", "dscnn_savedmodel")
    converter.open(path, recognise(path))
    if route == "wrapped":
        conversion = converter.convert(tmp_path / "m.tflite")
        assert conversion.route == "wrapped"
        assert difference(conversion, samples(conversion.inputs)) < 1e-5
    made = converter._worker.call(
        f"{PROCESS}:run_rung", rung=route, out=tmp_path / "m.tflite", folder=tmp_path / "work", batch=1
    )
    assert [(s.name, s.shape) for s in made.inputs + made.outputs] == [("input_1", (1, 49, 10, 1)), ("dense", (1, 12))]
