"""Every rung has a model that the plain conversion refuses and that it cures, with the same answers."""

import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from litesmith.convert.rungs.order import RUNGS, helpful
from litesmith.convert.session import Converter
from litesmith.core.conversion import AttemptOutcome, Diagnosis
from litesmith.core.errors import ConversionError
from litesmith.core.separate_answers import read_separate
from litesmith.core.worker_errors import WorkerClosed
from litesmith.diagnosis.catalogue import causes
from litesmith.sources.recognise import recognise, sources


@pytest.fixture(scope="session")
def hard(builder, tmp_path_factory):
    """Return the path of a model of `ladder_models`, built once: `hard("recurrent", "m.keras", what="lstm")`."""
    built = {}

    def build(kind, name, /, **arguments):
        key = (kind, name, *sorted(arguments.items()))
        if key not in built:
            path = tmp_path_factory.mktemp(kind) / name
            built[key] = builder.call(f"ladder_models:save_{kind}", timeout_s=120, path=path, **arguments)
        return built[key]

    return build


def tried(attempts):
    return [(attempt.rung, attempt.outcome) for attempt in attempts]


FAILED, CONVERTED, NOT_ALLOWED = AttemptOutcome.FAILED, AttemptOutcome.CONVERTED, AttemptOutcome.NOT_ALLOWED


def run_by_litert(path):
    interpreter = Interpreter(path)
    interpreter.allocate_tensors()
    interpreter.invoke()


def known(cause, cured_by=""):
    return Diagnosis(
        cause=cause, title="", where=(), why="", remedy="", code="", cured_by=cured_by, source="", evidence=""
    )


def test_the_order_goes_from_what_was_asked_for_to_what_changes_the_app():
    names = [rung.name for rung in RUNGS]
    assert names[0] == "wrapped"
    assert names[-1] == "select_tf_ops"
    offers = [bool(rung.offer) for rung in RUNGS]
    assert offers == sorted(offers)
    assert len(set(names)) == len(names)
    assert all(rung.title and rung.why.endswith(".") for rung in RUNGS)


def test_the_catalogue_and_the_ladder_know_each_other():
    names = {rung.name for rung in RUNGS}
    assert {cause.cured_by for cause in causes()} - {""} <= names
    assert {name for rung in RUNGS for name in rung.cures} <= {cause.name for cause in causes()}


def test_with_a_known_cause_only_what_cures_it_is_tried():
    names = [rung.name for rung in RUNGS]
    assert [rung.name for rung in helpful(names, known("unknown"))] == [
        rung.name for rung in RUNGS[1:] if rung.for_unknown
    ]
    assert helpful(names, known("fixed_batch"))[0].name == "rebatched"
    assert [rung.name for rung in helpful(names, known("custom_op"), asked="select_tf_ops")] == ["select_tf_ops"]
    assert [rung.name for rung in helpful(names, known("half_precision", "full_precision"))] == ["full_precision"]
    assert helpful(names, known("custom_op")) == []
    recurrent = helpful(names, known("dynamic_batch_recurrent", "unrolled_recurrent"))
    assert [rung.name for rung in recurrent] == ["unrolled_recurrent", "static_batch", "select_tf_ops"]


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    ("what", "which"),
    [("gru", 3), ("cells", 3), ("bidirectional", 2)]
    + [  # the gauntlet has the like
        pytest.param(what, which, marks=pytest.mark.heavy)
        for what, which in [("lstm", 3), ("bidirectional", 3), ("lstm", 2), ("gru", 2)]
    ],
)
def test_recurrent_layers_with_a_dynamic_batch_are_unrolled(what, which, hard, convert, converter, samples, tmp_path):
    _, conversion = convert(hard("recurrent", "m.keras", what=what, which=which), batch=-1)
    assert tried(conversion.attempts) == [("wrapped", FAILED), ("unrolled_recurrent", CONVERTED)]
    assert conversion.route == "unrolled_recurrent"
    assert conversion.inputs[0].shape == (-1, 6, 4)
    given = samples(conversion.inputs, 5)
    (theirs,) = [np.load(file) for file in converter.predict(given, 5, tmp_path)]
    interpreter = Interpreter(conversion.file)
    interpreter.resize_tensor_input(interpreter.get_input_details()[0]["index"], (5, 6, 4))
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], np.load(given.inputs[0].path))
    interpreter.invoke()
    np.testing.assert_allclose(interpreter.get_tensor(interpreter.get_output_details()[0]["index"]), theirs, atol=1e-6)


@pytest.mark.tensorflow
def test_a_batch_of_one_is_told_and_not_taken(hard, convert, tmp_path):
    path = hard("recurrent", "open.keras", what="lstm", steps=None)
    with pytest.raises(ConversionError, match="a recurrent layer with a dynamic batch") as caught:
        convert(path, batch=-1)
    assert tried(caught.value.attempts) == [
        ("wrapped", FAILED),
        ("unrolled_recurrent", FAILED),
        ("static_batch", NOT_ALLOWED),
    ]
    assert caught.value.hint == "It converts with a batch of 1: --batch 1."
    assert caught.value.diagnosis.cause == "dynamic_batch_recurrent"
    assert "Traceback" in caught.value.detail
    assert not (tmp_path / "model.tflite").exists()
    assert convert(path)[1].route == "wrapped"  # as the hint says


@pytest.mark.tensorflow
def test_brain_floats_are_computed_in_float32(hard, convert, samples, difference):
    _, conversion = convert(hard("bfloat16", "m.keras"))
    assert tried(conversion.attempts) == [("wrapped", FAILED), ("full_precision", CONVERTED)]
    assert difference(conversion, samples(conversion.inputs)) < 0.05


@pytest.mark.tensorflow
def test_an_open_size_that_cannot_be_traced_is_told(hard, convert, tmp_path):
    with pytest.raises(ConversionError, match="SymbolicTensor") as caught:
        convert(hard("open_size", "m.keras"))
    assert tried(caught.value.attempts)[-1] == ("static_size", NOT_ALLOWED)
    assert "every size of the input is fixed" in caught.value.hint
    assert not (tmp_path / "model.tflite").exists()


@pytest.mark.tensorflow
def test_select_tf_ops_are_not_taken_without_being_asked_for(hard, convert, tmp_path):
    path = hard("inverse", "m.keras")
    with pytest.raises(ConversionError) as caught:
        convert(path)
    assert tried(caught.value.attempts) == [("wrapped", FAILED), ("select_tf_ops", NOT_ALLOWED)]
    assert caught.value.hint.startswith(caught.value.diagnosis.remedy), "the model's own remedy comes first"
    assert f"To keep it as it is: litesmith convert {path} --allow-select-tf-ops." in caught.value.hint
    assert "tf.MatrixInverse" in caught.value.hint
    assert "adds 98.7 MB to the app (arm64, uncompressed)" in caught.value.hint
    assert not (tmp_path / "model.tflite").exists()


@pytest.mark.tensorflow
@pytest.mark.parametrize("batch", [1, -1])
def test_select_tf_ops_are_read_from_the_file_and_compared(batch, hard, convert, converter, samples, tmp_path):
    _, conversion = convert(hard("inverse", "m.keras"), batch=batch, allow_select_tf_ops=True)
    assert conversion.route == "select_tf_ops"
    assert conversion.select_ops.ops == ("tf.MatrixInverse",)
    assert conversion.select_ops.app_bytes == 98_673_560
    given = samples(conversion.inputs, 4)
    theirs = [np.load(file) for file in converter.predict(given, 4, tmp_path / "theirs")]
    separate = [read_separate(file) for file in converter.predict_made(conversion, given, tmp_path / "ours")]
    ours = [np.concatenate(values) for values in separate]
    assert ours[0].shape == theirs[0].shape == (4, 3, 2)
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-4, atol=1e-5)
    with pytest.raises((RuntimeError, ValueError)):  # why this is not LiteRT's to answer
        run_by_litert(conversion.file)


@pytest.mark.tensorflow
def test_tables_name_the_layer_and_cannot_be_compared(hard, convert, converter, samples, tmp_path):
    _, conversion = convert(hard("lookup", "m.keras"), allow_select_tf_ops=True)
    assert tried(conversion.attempts)[0] == ("wrapped", FAILED)
    assert tried(conversion.attempts)[-1] == ("select_tf_ops", CONVERTED)
    assert "tf.LookupTableFindV2" in conversion.select_ops.ops
    assert conversion.select_ops.layers == ("look_up (IntegerLookup)",)
    assert converter.predict_made(conversion, samples(conversion.inputs, 2), tmp_path) is None


@pytest.mark.tensorflow
def test_stateful_layers_are_refused_with_their_cause(hard, convert):
    with pytest.raises(ConversionError, match="layer 'memory' is stateful") as caught:
        convert(hard("stateful", "m.keras"))
    assert caught.value.diagnosis.cause == "stateful_layer"


def opened_by(function):
    return replace(sources()["keras"], opener=f"failing_openers:{function}")


@pytest.fixture
def copy(tiny, tmp_path):
    """A file of its own, for openers that leave marks beside it."""
    path = tmp_path / "m.keras"
    path.write_bytes(tiny("tiny_cnn", "m.keras", kind="keras").read_bytes())
    return path


@pytest.mark.tensorflow
def test_a_rung_that_changes_the_answers_is_passed_over(copy, converter, tmp_path):
    converter.open(copy, opened_by("abort_then_lie"))
    conversion = converter.convert(tmp_path / "m.tflite", batch=-1)
    assert tried(conversion.attempts) == [
        ("wrapped", AttemptOutcome.CRASHED),
        ("keras_export", AttemptOutcome.CHANGED_ANSWERS),
        ("from_keras_model", CONVERTED),
    ]
    assert "conversion changed the answers" in conversion.attempts[1].message


@pytest.mark.tensorflow
def test_the_first_cause_is_kept_and_each_rung_recorded(copy, converter, tmp_path):
    converter.open(copy, opened_by("fail_differently"))
    with pytest.raises(ConversionError, match="failure 1 of TensorFlow") as caught:
        converter.convert(tmp_path / "m.tflite")
    messages = [attempt.message for attempt in caught.value.attempts if attempt.rung != "from_keras_model"]
    assert len(messages) > 2
    assert messages[0] == "RuntimeError: failure 1 of TensorFlow"
    assert len(set(messages)) == len(messages)
    assert caught.value.diagnosis.evidence == "RuntimeError: failure 1 of TensorFlow"


@pytest.mark.tensorflow
def test_a_rung_that_takes_too_long_is_ended_and_the_next_one_tried(copy, converter, tmp_path):
    converter.open(copy, opened_by("abort_then_hang"))
    begun = time.perf_counter()
    conversion = converter.convert(tmp_path / "m.tflite", batch=-1, rung_timeout_s=8)
    assert time.perf_counter() - begun < 60
    assert tried(conversion.attempts) == [
        ("wrapped", AttemptOutcome.CRASHED),
        ("keras_export", AttemptOutcome.TIMED_OUT),
        ("from_keras_model", CONVERTED),
    ]
    assert "8 s" in conversion.attempts[1].message


@pytest.mark.tensorflow
def test_leaving_during_a_rung_ends_it_at_once_and_begins_no_other(copy, tmp_path, converter):
    rungs, ended = [], []
    with Converter() as own:
        own._worker._environment |= converter._worker._environment
        own._fresh._environment |= converter._worker._environment
        own.open(copy, opened_by("abort_then_hang"))
        begun = threading.Event()

        def told(title):
            rungs.append(title)
            begun.set()

        def run():
            try:
                own.convert(tmp_path / "m.tflite", on_rung=told)
            except WorkerClosed as error:
                ended.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        assert begun.wait(60)
        time.sleep(3)
        left = time.perf_counter()
    thread.join(10)
    assert time.perf_counter() - left < 5
    assert len(rungs) == len(ended) == 1
    assert own._fresh._all == []
    assert list(tmp_path.glob("*.tflite*")) == []


@pytest.mark.tensorflow
def test_the_plain_conversion_starts_no_other_process(tiny, convert, converter, monkeypatch):
    monkeypatch.setattr(converter._fresh, "warm", lambda: pytest.fail("a process was warmed up"))
    assert convert(tiny("tiny_cnn", "m.keras", kind="keras"))[1].route == "wrapped"


@pytest.mark.tensorflow
def test_rungs_leave_no_process_behind(hard, convert, converter):
    convert(hard("bfloat16", "m.keras"))
    assert converter._fresh._all == []


@pytest.mark.tensorflow
@pytest.mark.parametrize("suffix", ["keras", "h5"])
@pytest.mark.parametrize("what", ["convolutions", "recurrent"])
def test_legacy_attributes_are_dropped_where_keras_2_is_missing(what, suffix, hard, converter, samples, tmp_path):
    path = hard("keras_2", f"m.{suffix}", what=what)
    given = samples(converter.open(path, recognise(path)).inputs, 3)
    with_keras_2 = [np.load(file) for file in converter.predict(given, 3, tmp_path / "a")]
    opened = converter.open(path, replace(recognise(path), opener=f"failing_openers:without_keras_2_{suffix}"))
    with_keras_3 = [np.load(file) for file in converter.predict(given, 3, tmp_path / "b")]
    assert "tf-keras is not installed" in opened.actions[-1]
    assert ("DepthwiseConv2D.groups" if what == "convolutions" else "LSTM.time_major") in opened.actions[0]
    np.testing.assert_allclose(with_keras_3[0], with_keras_2[0], rtol=1e-5, atol=1e-6)


@pytest.mark.tensorflow
def test_a_layer_that_means_something_else_in_keras_3_is_refused(hard, converter):
    path = hard("keras_2", "m.keras", what="conv_lstm")
    with pytest.raises(Exception, match="Keras 3 refuses it and tf-keras is not installed"):
        converter.open(path, replace(recognise(path), opener="failing_openers:without_keras_2_keras"))
