import json
import zipfile

import pytest
from ai_edge_litert.interpreter import Interpreter

from litesmith.core.conversion import AttemptOutcome
from litesmith.core.errors import SourceError
from litesmith.core.files import sha256_file
from litesmith.sources.recognise import recognise

pytestmark = pytest.mark.tensorflow


def shapes(specs):
    return {spec.name: (spec.dtype, spec.shape) for spec in specs}


@pytest.mark.parametrize("kind", ["keras", "h5"])
def test_cnn(kind, tiny, convert, samples, difference):
    opened, conversion = convert(tiny("tiny_cnn", f"m.{kind}", kind=kind))
    assert opened.framework.startswith("Keras 3.")
    assert opened.actions == ()
    assert shapes(opened.inputs) == {"image": ("float32", (-1, 8, 8, 3))}
    assert conversion.route == "wrapped"
    (attempt,) = conversion.attempts
    assert (attempt.rung, attempt.outcome) == ("wrapped", AttemptOutcome.CONVERTED)
    assert conversion.signature == "serving_default"
    assert shapes(conversion.inputs) == {"image": ("float32", (1, 8, 8, 3))}
    assert shapes(conversion.outputs) == {"scores": ("float32", (1, 5))}
    assert conversion.sha256 == sha256_file(type(tiny("tiny_cnn", f"m.{kind}", kind=kind))(conversion.file))
    assert difference(conversion, samples(conversion.inputs, 20)) < 1e-5


def test_reference_answers_differ_from_another_models(tiny, convert, converter, samples, difference):
    _, conversion = convert(tiny("tiny_cnn", "m.keras", kind="keras"))
    other = tiny("mixed_precision", "m.keras")
    converter.open(other, recognise(other))
    assert difference(conversion, samples(conversion.inputs)) > 1e-6


def test_content_counts_and_not_the_name(tiny, convert, tmp_path):
    path = tmp_path / "model.h5"
    path.write_bytes(tiny("tiny_cnn", "m.keras", kind="keras").read_bytes())
    _, conversion = convert(path)
    assert shapes(conversion.inputs) == {"image": ("float32", (1, 8, 8, 3))}


@pytest.mark.parametrize("kind", ["keras", "h5"])
def test_keras_2_files_are_opened_with_keras_2(kind, tiny, convert, samples, difference):
    opened, conversion = convert(tiny("keras_2_cnn", f"m.{kind}", kind=kind))
    assert opened.framework.startswith("Keras 2.")
    assert "with tf-keras 2." in opened.actions[0]
    assert shapes(conversion.outputs) == {"scores": ("float32", (1, 5))}
    assert difference(conversion, samples(conversion.inputs)) < 1e-5


def test_several_inputs_nested_outputs_integers_and_odd_names(tiny, convert, samples, difference):
    _, conversion = convert(tiny("several", "m.keras"))
    assert shapes(conversion.inputs) == {"side-input": ("float32", (1, 4)), "ids": ("int32", (1, 3))}
    assert shapes(conversion.outputs) == {"boxes/left top": ("float32", (1, 3)), "z": ("float32", (1, 2))}
    assert difference(conversion, samples(conversion.inputs)) < 1e-5
    signature = Interpreter(conversion.file).get_signature_list()["serving_default"]
    assert sorted(signature["inputs"]) == ["ids", "side-input"]
    assert sorted(signature["outputs"]) == ["boxes/left top", "z"]


def test_order_is_the_models_and_not_the_alphabets(tiny, convert, samples, difference):
    _, conversion = convert(tiny("listed", "m.keras"))
    assert [spec.name for spec in conversion.inputs] == ["zebra", "ant"]
    assert [spec.name for spec in conversion.outputs] == ["second", "first"]
    assert [d["shape"][1] for d in Interpreter(conversion.file).get_output_details()] == [1, 2]
    assert difference(conversion, samples(conversion.inputs)) < 1e-5


def test_lstm_with_a_static_batch(tiny, convert, samples, difference):
    _, conversion = convert(tiny("lstm", "m.keras"))
    assert conversion.route == "wrapped"
    assert difference(conversion, samples(conversion.inputs)) < 1e-5


@pytest.mark.parametrize("batch", [-1, 3])
def test_batch(batch, tiny, convert):
    _, conversion = convert(tiny("tiny_cnn", "m.keras", kind="keras"), batch=batch)
    assert conversion.batch == batch
    assert conversion.inputs[0].shape == (batch, 8, 8, 3)
    assert conversion.outputs[0].shape == (batch, 5)


def test_mixed_precision_computes_in_float32_and_says_so(tiny, convert, samples, difference):
    opened, conversion = convert(tiny("mixed_precision", "m.keras"))
    assert opened.outputs[0].dtype == "float16"
    assert conversion.route == "full_precision"
    assert "float16" in conversion.attempts[0].message
    assert conversion.outputs[0].dtype == "float32"
    assert 0 < difference(conversion, samples(conversion.inputs)) < 5e-3  # the source still answers in float16


def test_fixed_batch_is_kept_or_changed(tiny, convert):
    path = tiny("fixed_batch", "m.keras", batch=4)
    changed = convert(path)[1]
    assert (changed.route, changed.inputs[0].shape) == ("rebatched", (1, 3))
    assert "batch of input 'x' is fixed at 4; asked was 1" in changed.attempts[0].message
    assert convert(path, batch=4)[1].inputs[0].shape == (4, 3)


def test_fixed_batch_answers(tiny, converter, samples, tmp_path):
    import numpy as np

    path = tiny("fixed_batch", "m.keras", batch=4)
    opened = converter.open(path, recognise(path))
    (file,) = converter.predict(samples(opened.inputs, 6), 6, tmp_path)
    assert np.load(file).shape == (6, 2)


@pytest.mark.parametrize(
    ("what", "name", "message"),
    [
        ("lambda", "m.keras", "holds Python code in its Lambda layer twice"),
        ("lambda", "m.h5", "holds Python code in its Lambda layer twice"),
        ("custom_layer", "m.keras", "uses 'Wobble', which is not part of Keras 3"),
        ("custom_layer", "m.h5", "uses 'Wobble', which is not part of Keras 3"),
    ],
)
def test_what_keras_alone_cannot_open(what, name, message, tiny, converter):
    path = tiny(what, name, kind=name[2:])
    with pytest.raises(SourceError, match=message) as caught:
        converter.open(path, recognise(path))
    assert "model.export('folder')" in caught.value.hint


def test_weights_alone(tiny, converter):
    path = tiny("weights_only", "m.weights.h5")
    with pytest.raises(SourceError, match="holds weights without a model") as caught:
        converter.open(path, recognise(path))
    assert "model.save" in caught.value.hint


@pytest.mark.parametrize("kind", ["keras", "h5", "tflite"])
@pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
def test_real_files_cut_off(kind, part, tiny, tmp_path):
    data = tiny("tiny_cnn", f"m.{kind}", kind=kind).read_bytes()
    path = tmp_path / f"cut.{kind}"
    path.write_bytes(data[: int(len(data) * part)])
    with pytest.raises(SourceError, match=r"damaged|ends early"):
        recognise(path)


def test_damage_inside_the_weights(tiny, converter, tmp_path):
    import zipfile

    path = tmp_path / "m.keras"
    with zipfile.ZipFile(tiny("tiny_cnn", "m.keras", kind="keras")) as whole, zipfile.ZipFile(path, "w") as cut:
        for name in whole.namelist():
            data = whole.read(name)
            cut.writestr(name, data[: len(data) // 2] if name.endswith(".h5") else data)
    with pytest.raises(SourceError, match="is damaged"):
        converter.open(path, recognise(path))


def test_a_file_of_a_newer_keras_is_opened_without_what_this_one_does_not_know(tiny, converter, tmp_path):
    """The attribute planted stands for one of a later version, whose default changes nothing."""
    path, layer = tmp_path / "newer.keras", b'"class_name": "DepthwiseConv2D", "config": {'
    with zipfile.ZipFile(tiny("tiny_cnn", "m.keras", kind="keras")) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            content = old.read(name).replace(layer, layer + b'"groups": 1, ')
            if name == "metadata.json":
                content = json.dumps({**json.loads(content), "keras_version": "3.99.0"}).encode()
            new.writestr(name, content)
    opened = converter.open(path, recognise(path))
    assert opened.framework == "Keras 3.99.0"
    assert opened.actions[-1].startswith("dropped attributes that do nothing, as Keras 3.")
    assert "DepthwiseConv2D.groups" in opened.actions[-1]
