"""Evaluations of hand-made answers, with numbers that can be counted on fingers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from litesmith.core.errors import ConfigError, DatasetError, UnknownNameError, UserError
from litesmith.core.results import Evaluation
from litesmith.core.tensors import TensorSpec
from litesmith.core.verdict import VerdictWord
from litesmith.evaluate.collect import Answers
from litesmith.evaluate.intervals import fraction_interval, mcnemar_exact, tango, wilson
from litesmith.evaluate.metric import Metric, applicable, class_count, predicted
from litesmith.evaluate.metrics import sqnr, top1, top5
from litesmith.evaluate.score import choose_metrics, evaluate
from litesmith.evaluate.verdict import of_counts, of_differences


def answers(path: Path, *outputs: Any) -> Answers:
    files = []
    for index, values in enumerate(outputs):
        path.mkdir(exist_ok=True)
        files.append(path / f"{index}.npy")
        np.save(files[-1], np.asarray(values, np.float32))
    spec = TensorSpec(name="y", dtype="float32", shape=(1, 3))
    return Answers(files=tuple(files), outputs=(spec,) * len(outputs), samples_per_s=123.0)


def one_hot(classes: list[int], count: int) -> npt.NDArray[np.float32]:
    return np.eye(count, dtype=np.float32)[classes]


@pytest.fixture
def result(tmp_path: Path) -> Evaluation:
    """Ten samples: float 7 right, the variant 6 (gains sample 7; loses 0 and 1), four answers differ."""
    labels = [0, 1, 2, 0, 1, 2, 0, 1, 2, 0]
    reference = [0, 1, 2, 0, 1, 2, 0, 0, 1, 1]
    variant = [1, 2, 2, 0, 1, 2, 0, 1, 0, 1]
    return evaluate(
        answers(tmp_path / "v", one_hot(variant, 3)), answers(tmp_path / "r", one_hot(reference, 3)), labels=labels
    )


def test_the_headline_is_top1_with_its_interval(result: Evaluation) -> None:
    assert (result.metric, result.value, result.n, result.unit) == ("top1", 0.6, 10, "fraction")
    assert result.interval == wilson(6, 10)
    assert result.higher_is_better
    assert result.samples_per_s == 123.0


def test_the_difference_is_paired(result: Evaluation) -> None:
    assert result.difference == pytest.approx(-0.1)
    assert result.difference_interval == tango(1, 2, 10)
    assert result.p_value == mcnemar_exact(1, 2)


def test_the_verdict_is_on_the_same_pairs(result: Evaluation) -> None:
    assert result.verdict == of_counts(1, 2, 10, margin=0.01)
    assert result.verdict is not None
    assert result.verdict.largest_loss == -result.difference_interval[0]


def test_the_loss_that_is_accepted_is_the_users(tmp_path: Path) -> None:
    own, real = answers(tmp_path / "v", one_hot([1, *[0] * 59], 3)), answers(tmp_path / "r", one_hot([0] * 60, 3))
    words = [evaluate(own, real, labels=[0] * 60, margin=m).verdict for m in (0.01, 0.2)]
    assert [told and told.word for told in words] == [VerdictWord.UNDECIDED, VerdictWord.NO_WORSE]
    with pytest.raises(ConfigError, match=r"--max-drop is -0.01; the loss that is accepted lies in 0..1"):
        evaluate(own, real, labels=[0] * 60, margin=-0.01)


ERROR_RATE = replace(
    top1.PLUGIN,
    name="error_rate",
    higher_is_better=False,
    score=lambda outputs, labels, reference: 1 - top1.score(outputs, labels, reference),
)
CONFIDENCE = replace(
    top1.PLUGIN,
    name="confidence",
    proportion=False,
    score=lambda outputs, labels, reference: outputs.max(axis=1).astype(np.float64),
)
NATS = replace(CONFIDENCE, name="nats", unit="nats")


def headed_by(metric: Metric, own: Answers, real: Answers, monkeypatch: pytest.MonkeyPatch) -> Evaluation:
    monkeypatch.setattr("litesmith.evaluate.score.applicable", lambda **_: [metric])
    return evaluate(own, real, labels=[0] * 400)


def test_where_lower_is_better_a_rise_is_a_loss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good, bad = (answers(tmp_path / str(n), one_hot([1] * n + [0] * (400 - n), 2)) for n in (2, 42))
    lossy, better = (headed_by(ERROR_RATE, *pair, monkeypatch) for pair in ((bad, good), (good, bad)))
    assert lossy.verdict == of_counts(0, 40, 400, margin=0.01)
    assert better.verdict == of_counts(40, 0, 400, margin=0.01)
    assert (lossy.difference, lossy.difference_interval) == (0.1, tango(40, 0, 400))


def test_means_of_fractions_have_a_verdict_and_others_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own, real = (answers(tmp_path / str(s), one_hot([0] * 400, 2) * s) for s in (0.5, 1.0))
    made = headed_by(CONFIDENCE, own, real, monkeypatch)
    assert made.verdict == of_differences(np.full(400, -0.5), margin=0.01)
    assert made.verdict is not None
    assert made.verdict.word is VerdictWord.WORSE
    assert made.difference_interval == fraction_interval(np.full(400, -0.5))
    plain = headed_by(NATS, own, real, monkeypatch)
    assert (plain.difference, plain.verdict) == (-0.5, None)


def test_every_metric_that_applies_is_there(result: Evaluation) -> None:
    assert [m.metric for m in result.metrics] == ["top1", "agreement", "sqnr"]
    assert result.agreement == result.metrics[1].value == 0.6
    assert {m.n for m in result.metrics} == {10}


def test_the_reference_is_compared_to_itself_without_a_test(tmp_path: Path) -> None:
    own = answers(tmp_path, one_hot([0, 1, 2], 3))
    result = evaluate(own, own, labels=[0, 1, 1])
    assert result.value == pytest.approx(2 / 3)
    assert result.verdict is None
    assert (result.difference, result.difference_interval, result.p_value, result.agreement) == (
        0.0,
        (0.0, 0.0),
        None,
        1,
    )


def test_a_variant_that_answers_the_same_has_a_difference_of_nothing(tmp_path: Path) -> None:
    first, second = (answers(tmp_path / n, one_hot([0, 1, 2, 1], 3)) for n in "ab")
    result = evaluate(first, second, labels=[0, 1, 2, 0])
    assert (result.difference, result.p_value) == (0.0, 1.0)
    assert result.difference_interval == tango(0, 0, 4)


def test_without_labels_agreement_leads(tmp_path: Path) -> None:
    own, real = answers(tmp_path / "v", one_hot([0, 1, 2, 2], 3)), answers(tmp_path / "r", one_hot([0, 1, 2, 0], 3))
    result = evaluate(own, real, labels=None)
    assert (result.metric, result.value, result.difference) == ("agreement", 0.75, -0.25)
    assert [m.metric for m in result.metrics] == ["agreement", "sqnr"]


def test_without_classes_the_noise_leads_and_has_no_proportions(tmp_path: Path) -> None:
    real = np.full((3, 2, 2), 10.0)
    noise = np.array([1.0, 0.1, 0.01]).reshape(3, 1, 1)
    result = evaluate(answers(tmp_path / "v", real + noise), answers(tmp_path / "r", real), labels=None)
    assert (result.metric, result.unit, result.p_value, result.agreement) == ("sqnr", "dB", None, None)
    assert result.value == pytest.approx((20 + 40 + 60) / 3, abs=1e-3)
    assert result.difference == pytest.approx(40 - 140, abs=1e-3)
    assert result.verdict is None


def test_the_output_that_is_asked_for_is_scored(tmp_path: Path) -> None:
    own = answers(tmp_path, one_hot([0, 0], 2), one_hot([1, 1], 2))
    assert evaluate(own, own, labels=[1, 1], output=0).value == 0.0
    assert evaluate(own, own, labels=[1, 1], output=1).value == 1.0


@pytest.mark.parametrize("shape", [(4,), (4, 1)])
def test_one_score_per_sample_is_two_classes(tmp_path: Path, shape: tuple[int, ...]) -> None:
    own = answers(tmp_path, np.reshape([0.2, 0.5, 0.51, 0.9], shape))
    assert evaluate(own, own, labels=[0, 0, 1, 0]).value == 0.75
    with pytest.raises(DatasetError, match="label 2 is out of range: the model has 2 classes, 0 to 1"):
        evaluate(own, own, labels=[0, 0, 1, 2])


@pytest.mark.parametrize("label", [3, 1000, -1])
def test_a_label_that_is_no_class(tmp_path: Path, label: int) -> None:
    own = answers(tmp_path, one_hot([0, 1], 3))
    with pytest.raises(
        DatasetError, match=rf"label {label} is out of range: the model has 3 classes, 0 to 2"
    ) as caught:
        evaluate(own, own, labels=[0, label])
    assert caught.value.hint


def test_the_metric_that_is_asked_for_leads_and_the_others_follow(tmp_path: Path) -> None:
    own, real = answers(tmp_path / "v", one_hot([0, 1], 3)), answers(tmp_path / "r", one_hot([0, 2], 3))
    result = evaluate(own, real, labels=[0, 1], primary="sqnr")
    assert result.metric == "sqnr"
    assert [m.metric for m in result.metrics] == ["sqnr", "top1", "agreement"]


@pytest.mark.parametrize(
    ("primary", "labelled", "shape", "why"),
    [
        ("top1", False, (10, 3), "the dataset has no labels"),
        ("top1", True, (10, 4, 4), r"the output is \[10, 4, 4\]"),
        ("agreement", True, (10, 4, 4), r"the output is \[10, 4, 4\]"),
        ("top5", True, (10, 5), r"the output is \[10, 5\]"),
    ],
)
def test_a_metric_that_does_not_apply(primary: str, labelled: bool, shape: tuple[int, ...], why: str) -> None:
    with pytest.raises(UserError, match=f"metric '{primary}' does not apply here: {why}") as caught:
        choose_metrics(primary, labelled=labelled, shape=shape)
    assert "sqnr" in caught.value.hint


def test_an_unknown_metric_names_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="unknown metric 'top-1'") as caught:
        choose_metrics("top-1", labelled=True, shape=(10, 3))
    assert "Did you mean 'top1'?" in caught.value.hint


def test_which_metrics_apply() -> None:
    def names(**facts: Any) -> list[str]:
        return [m.name for m in applicable(**facts)]

    assert names(labelled=True, classes=1000) == ["top1", "agreement", "sqnr", "top5"]
    assert names(labelled=True, classes=5) == ["top1", "agreement", "sqnr"]
    assert names(labelled=False, classes=1000) == ["agreement", "sqnr"]
    assert names(labelled=True, classes=None) == ["sqnr"]
    assert [class_count(s) for s in ((9,), (9, 1), (9, 7), (9, 2, 2))] == [2, 2, 7, None]


def test_equal_scores_go_to_the_first_class() -> None:
    assert predicted(np.array([[1, 3, 3], [2, 2, 2]], np.float32)).tolist() == [1, 0]


def test_top5_ranks_equal_scores_by_class() -> None:
    outputs = np.zeros((8, 8), np.float32)
    assert top5.score(outputs, np.arange(8), outputs).tolist() == [1, 1, 1, 1, 1, 0, 0, 0]
    outputs[:, 6:] = 1.0
    assert top5.score(outputs, np.arange(8), outputs).tolist() == [1, 1, 1, 0, 0, 0, 1, 1]


def test_top5_agrees_with_sorting() -> None:
    random = np.random.default_rng(0)
    outputs = random.integers(0, 6, (300, 12)).astype(np.float32)
    labels = random.integers(0, 12, 300)
    first_five = np.argsort(-outputs, axis=1, kind="stable")[:, :5]
    wanted = (first_five == labels[:, None]).any(axis=1)
    np.testing.assert_array_equal(top5.score(outputs, labels, outputs), wanted)


def test_noise_of_silence_and_of_nothing() -> None:
    real = np.array([[0.0, 0.0], [0.0, 0.0], [3.0, 4.0], [3.0, 4.0]], np.float32)
    found = np.array([[0.0, 0.0], [1.0, 0.0], [3.0, 4.0], [np.nan, 4.0]], np.float32)
    assert sqnr.score(found, None, real).tolist() == [140.0, -140.0, 140.0, -140.0]
