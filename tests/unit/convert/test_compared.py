"""The check of a conversion, where answers are not simply rows side by side."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from litesmith.convert.check import AnswersChanged, checked_separately, require_steady
from litesmith.core.conversion import AttemptOutcome, Conversion
from litesmith.core.errors import ShapeVaries
from litesmith.core.separate_answers import read_separate, write_separate
from litesmith.core.tensors import TensorSpec
from litesmith.pipeline import convert as verb
from litesmith.pipeline.float_model import Conversions
from litesmith.pipeline.settings import Settings


def made(batch=1):
    return Conversion(
        file="", sha256="", size_bytes=0, route="", attempts=(), batch=batch, signature="", duration_s=0.0,
        inputs=(), outputs=(TensorSpec(name="y", dtype="float32", shape=(-1, 2)),),
    )  # fmt: skip


def rows(*counts):
    return [[np.arange(2.0 * count).reshape(count, 2) + 1 for count in counts]]


def test_answers_of_other_shapes_are_compared_sample_by_sample():
    found = checked_separately(made(), rows(3, 0, 5), rows(3, 0, 5), check_source="random")
    assert (found.check_samples, found.max_abs_difference, found.top1_agreement) == (3, 0.0, None)
    with pytest.raises(AnswersChanged, match="conversion changed the answers"):
        checked_separately(made(), rows(3, 5), [[values * 1.1 for values in rows(3, 5)[0]]], check_source="random")


@pytest.mark.parametrize(("batch", "hint"), [(1, ""), (-1, "Convert with a static batch (--batch 1).")])
def test_the_sample_with_another_shape_is_told(batch, hint):
    with pytest.raises(
        AnswersChanged, match=r"has shape \[5, 2\] after conversion, \[4, 2\] before, for sample 1"
    ) as e:
        checked_separately(made(batch), rows(3, 4), rows(3, 5), check_source="random")
    assert e.value.hint == hint


def test_answers_of_one_shape_are_classes():
    found = checked_separately(made(), rows(1, 1, 1), rows(1, 1, 1), check_source="random")
    assert found.top1_agreement == 1.0


def test_a_source_that_differs_from_itself_is_refused():
    require_steady(rows(3, 5), [[values * 1.001 for values in rows(3, 5)[0]]])
    for other in ([[values * 1.1 for values in rows(3, 5)[0]]], rows(3, 4)):
        with pytest.raises(AnswersChanged, match="answers differently each time"):
            require_steady(rows(3, 5), other)


def test_separate_answers_come_back_as_they_were(tmp_path):
    values = [np.float32(3.5), np.zeros((0, 2), np.int64), *(np.full((n,), n) for n in range(12))]
    back = read_separate(write_separate(tmp_path / "folder" / "y.npz", values))
    assert [(value.shape, value.tolist()) for value in back] == [(value.shape, value.tolist()) for value in values]


def test_the_error_of_varying_shapes_crosses_processes():
    import pickle

    error = pickle.loads(pickle.dumps(ShapeVaries.of("y", (3, 2), (5, 2))))
    assert isinstance(error, ShapeVaries)
    assert error.message == "output 'y' has shape [5, 2] for one sample and [3, 2] for another"


@pytest.fixture(scope="session")
def built(builder, tmp_path_factory):
    """Return the path of a model of `checked_models`: `built("graph", "saved", what="found")`."""

    def build(kind, name, /, **arguments):
        path = tmp_path_factory.mktemp(kind) / name
        return builder.call(f"checked_models:save_{kind}", timeout_s=120, path=path, **arguments)

    return build


@pytest.fixture
def convert(converter, monkeypatch, tmp_path):
    """Run the whole of `litesmith convert`, with the TensorFlow process of all tests."""

    class Shared(Conversions):
        def _session(self):
            return converter

    def run(path, **settings):
        monkeypatch.setattr(verb, "Conversions", Shared)
        out = tmp_path / "out.tflite"
        return verb.convert(replace(Settings(), model=str(path), out=str(out), jobs=1, **settings)).conversion

    return run


@pytest.mark.tensorflow
@pytest.mark.parametrize("name", ["m.h5", "saved"])
def test_a_fused_lstm_begins_each_sample_anew(name, built, convert):
    found = convert(built("lstm_of_keras_2", name))
    assert found.route == "wrapped"
    assert found.check_samples == 8
    assert found.max_rel_difference < 1e-5


@pytest.mark.tensorflow
def test_a_fused_lstm_begins_anew_beside_tensorflow_too(built, builder, convert):
    path = Path(convert(built("lstm_of_keras_2", "m.h5")).file)
    before, after = builder.call("checked_models:answers_beside_tensorflow", timeout_s=60, path=path)
    np.testing.assert_array_equal(after, before)


@pytest.mark.tensorflow
@pytest.mark.parametrize("what", ["found", "first_found"])
def test_answers_whose_length_depends_on_the_values(what, built, convert):
    """`first_found` has one row per sample, so that only the places within the batch differ."""
    found = convert(built("graph", "saved", what=what))
    assert (found.route, found.check_samples, found.max_abs_difference) == ("wrapped", 8, 0.0)


@pytest.mark.tensorflow
def test_tensorflows_answers_whose_length_depends_on_the_values(built, convert):
    found = convert(built("graph", "saved", what="decoded"), allow_select_tf_ops=True)
    assert (found.route, found.check_samples, found.max_abs_difference) == ("select_tf_ops", 8, 0.0)


@pytest.mark.tensorflow
def test_a_number_beside_the_samples(built, convert):
    found = convert(built("graph", "saved", what="scalar"))
    assert {spec.name: spec.shape for spec in found.inputs} == {"x": (1, 8), "k": ()}
    assert (found.check_samples, found.max_abs_difference) == (8, 0.0)


@pytest.mark.tensorflow
def test_constants_without_elements_are_known_to_tensorflows_operators(built, convert):
    found = convert(built("counted", "m.keras"), allow_select_tf_ops=True)
    assert found.select_ops.ops == ("tf.DenseBincount",)
    assert found.check_samples == 8
    assert found.max_rel_difference < 1e-5


@pytest.mark.tensorflow
def test_a_source_that_answers_at_random_is_told_from_a_changed_one(built, convert):
    """Its seed gives the same numbers to each new function, and others to each call."""
    with pytest.raises(AnswersChanged, match="answers differently each time") as caught:
        convert(built("graph", "saved", what="seeded_noise"))
    assert caught.value.diagnosis.cause == "random_answers"


@pytest.mark.tensorflow
def test_an_answer_that_depends_on_its_batch_is_not_taken_for_that_of_one_sample(built, convert):
    with pytest.raises(Exception, match="fixed batch") as caught:
        convert(built("whole_batch", "m.keras"))
    assert [(attempt.rung, attempt.outcome) for attempt in caught.value.attempts] == [
        ("wrapped", AttemptOutcome.FAILED),
        ("rebatched", AttemptOutcome.CHANGED_ANSWERS),
    ]


@pytest.mark.tensorflow
def test_a_model_built_with_a_batch_of_four_gets_the_one_asked_for(tiny, convert):
    found = convert(tiny("fixed_batch", "m.keras", batch=4))
    assert [attempt.rung for attempt in found.attempts] == ["wrapped", "rebatched"]
    assert found.attempts[0].cause == "fixed_batch"
    assert found.inputs[0].shape == (1, 3)
    assert found.check_samples == 8
    assert found.max_rel_difference < 1e-5


@pytest.mark.tensorflow
@pytest.mark.parametrize(("what", "cause"), [("printed", "print_op"), ("shape_ensured", "ensure_shape")])
def test_what_is_printed_or_checked_is_left_out(what, cause, built, convert):
    found = convert(built("graph", "saved", what=what))
    assert [attempt.rung for attempt in found.attempts] == ["wrapped", "without_checks"]
    assert found.attempts[0].cause == cause
    assert (found.check_samples, found.max_abs_difference) == (8, 0.0)


@pytest.mark.tensorflow
def test_double_precision_becomes_float32(built, convert):
    found = convert(built("double", "m.keras"))
    assert [attempt.rung for attempt in found.attempts] == ["wrapped", "full_precision"]
    assert [spec.dtype for spec in found.inputs + found.outputs] == ["float32", "float32"]
    assert found.max_rel_difference < 1e-5


@pytest.mark.tensorflow
def test_the_change_of_double_precision_comes_before_tensorflow_in_the_app(built, convert):
    path = built("graph", "saved", what="double")
    with pytest.raises(Exception, match="double precision") as caught:
        convert(path)
    assert caught.value.hint.index("float32") < caught.value.hint.index("--allow-select-tf-ops")


@pytest.mark.tensorflow
def test_a_text_of_any_length_is_told_to_convert_at_a_fixed_one(built, convert, tmp_path):
    import subprocess
    import sys

    path = built("attention", "m.keras")
    with pytest.raises(Exception, match="open size") as caught:
        convert(path)
    assert [(a.rung, a.outcome) for a in caught.value.attempts] == [
        ("wrapped", AttemptOutcome.FAILED),
        ("static_size", AttemptOutcome.NOT_ALLOWED),
    ]
    assert "'tokens' [1, 32]" in caught.value.hint
    command = caught.value.hint.partition(": ")[2].partition(", and then")[0]
    code = f"import keras; model = keras.models.load_model({str(path)!r}); {command}"
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True)
    assert convert(tmp_path / "fixed").inputs[0].shape == (1, 32)  # as the hint says


@pytest.mark.tensorflow
def test_tensorflows_operators_are_tried_where_they_are_asked_for(built, convert):
    with pytest.raises(Exception, match="open size") as caught:
        convert(built("attention", "m.keras"), batch=0)
    assert "select_tf_ops" not in [attempt.rung for attempt in caught.value.attempts]
    found = convert(built("attention", "m.keras"), allow_select_tf_ops=True)
    assert found.route == "select_tf_ops"
    assert found.max_rel_difference < 1e-5


@pytest.mark.tensorflow
def test_the_plain_way_costs_nothing_for_the_ladder(tiny, convert, converter, monkeypatch):
    """What is asked of the TensorFlow process, and that it compares nothing by itself."""
    calls = []
    call = converter._worker.call

    def recorded(function, **arguments):
        calls.append((function.partition(":")[2], arguments.get("try_out", False)))
        return call(function, **arguments)

    monkeypatch.setattr(converter._worker, "call", recorded)
    monkeypatch.setattr(converter._fresh, "warm", lambda: pytest.fail("a process was warmed up"))
    assert convert(tiny("tiny_cnn", "m.keras", kind="keras")).route == "wrapped"
    assert calls == [("open_source", False), ("rungs", False), ("run_rung", False), ("predict", False)]
