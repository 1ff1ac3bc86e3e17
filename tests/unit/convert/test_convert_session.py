from dataclasses import replace

import numpy as np
import pytest

from litesmith.convert import session
from litesmith.convert.failure import ConversionFailed
from litesmith.convert.session import Converter
from litesmith.core.conversion import AttemptOutcome
from litesmith.core.errors import ConversionError, DatasetError, MissingExtraError, OutputError, PluginError
from litesmith.sources.recognise import recognise, sources


def opened_by(function):
    return replace(sources()["keras"], opener=f"failing_openers:{function}")


def test_without_tensorflow(monkeypatch):
    monkeypatch.setattr(session, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError) as caught:
        Converter()
    assert caught.value.hint == "pip install 'tensorflow>=2.21' 'tf-keras>=2.21'"


@pytest.mark.tensorflow
def test_unused_converter_starts_no_process():
    with Converter() as unused:
        assert unused._worker._process is None


@pytest.mark.tensorflow
def test_leaving_while_tensorflow_is_still_imported_does_not_wait():
    import time

    with Converter() as converter:
        converter.start()
        begun = time.perf_counter()
    assert time.perf_counter() - begun < 4


@pytest.mark.tensorflow
def test_convert_before_open_is_our_bug(tmp_path):
    with Converter() as unused, pytest.raises(PluginError):
        unused.convert(tmp_path / "m.tflite")


@pytest.mark.tensorflow
def test_tflite_is_not_opened(tmp_path):
    with Converter() as unused, pytest.raises(PluginError):
        unused.open(tmp_path, sources()["tflite"])


@pytest.mark.tensorflow
def test_a_process_that_aborts_is_an_error_with_its_last_words(tiny, converter):
    path = tiny("tiny_cnn", "m.keras", kind="keras")
    with pytest.raises(ConversionError) as caught:
        converter.open(path, opened_by("open_and_abort"))
    assert "SIGABRT" in caught.value.message
    assert "Check failed: planted in m.keras" in caught.value.message
    assert converter.open(path, recognise(path)).inputs[0].name == "image"  # the next call starts a new process


@pytest.mark.tensorflow
def test_a_route_that_aborts_is_recorded_and_the_next_one_tried(tiny, converter, tmp_path):
    path = tmp_path / "m.keras"
    path.write_bytes(tiny("tiny_cnn", "m.keras", kind="keras").read_bytes())
    converter.open(path, opened_by("abort_first_call"))
    conversion = converter.convert(tmp_path / "m.tflite")
    assert conversion.route == "keras_export"
    first, last = conversion.attempts
    assert (first.rung, first.outcome) == ("wrapped", AttemptOutcome.CRASHED)
    assert first.message.startswith("TensorFlow ended abruptly (SIGABRT)")
    assert (last.rung, last.outcome) == ("keras_export", AttemptOutcome.CONVERTED)
    assert [(s.name, s.shape) for s in conversion.outputs] == [("scores", (1, 5))]


@pytest.mark.tensorflow
def test_timeout(tiny, converter):
    path = tiny("tiny_cnn", "m.keras", kind="keras")
    converter.open(path, recognise(path))  # the process is up
    with pytest.raises(ConversionFailed, match=r"opening m\.keras failed: .* 0\.5 s"):
        converter.open(path, opened_by("sleep"), timeout_s=0.5)


@pytest.mark.tensorflow
def test_output_that_cannot_be_written(tiny, converter, tmp_path):
    path = tiny("tiny_cnn", "m.keras", kind="keras")
    converter.open(path, recognise(path))
    (tmp_path / "file").touch()
    with pytest.raises(OutputError):
        converter.convert(tmp_path / "file" / "m.tflite")


@pytest.mark.tensorflow
def test_samples_that_do_not_fit(tiny, converter, samples, tmp_path):
    path = tiny("listed", "m.keras")
    specs = converter.open(path, recognise(path)).inputs
    with pytest.raises(DatasetError, match="no samples for input ant; the dataset has zebra"):
        converter.predict(samples((specs[0], replace(specs[1], name="zebra"))), 2, tmp_path)
    with pytest.raises(DatasetError, match=r"'ant' have shape \[7\]; the model takes \[3\]"):
        converter.predict(samples((specs[0], replace(specs[1], shape=(1, 7)))), 2, tmp_path)


@pytest.mark.tensorflow
def test_answers_do_not_depend_on_how_many_are_asked_at_once(tiny, converter, samples, tmp_path):
    path = tiny("listed", "m.keras")
    given = samples(converter.open(path, recognise(path)).inputs, 19)  # more than one chunk, the last not full
    many = [np.load(file) for file in converter.predict(given, 19, tmp_path)]
    few = [np.load(file) for file in converter.predict(given, 3, tmp_path)]
    assert [m.shape for m in many] == [(19, 1), (19, 2)]
    for all_of_them, first in zip(many, few, strict=True):
        np.testing.assert_allclose(all_of_them[:3], first, rtol=1e-5)
