"""What every metric promises."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from litesmith.core.registry import load_plugins, plugin_names
from litesmith.evaluate.metric import PACKAGE, Metric, metric_named

METRICS: dict[str, Metric] = load_plugins(PACKAGE, kind="metric")
by_name = pytest.mark.parametrize("name", plugin_names(PACKAGE))
SAMPLES, CLASSES = 60, 9


def scores_of_classes(seed: int) -> npt.NDArray[np.float32]:
    return np.random.default_rng(seed).dirichlet(np.ones(CLASSES), SAMPLES).astype(np.float32)


REAL = scores_of_classes(0)
NOISY = REAL + scores_of_classes(1) * 0.3
LABELS = np.random.default_rng(2).integers(0, CLASSES, SAMPLES)


def labels_for(name: str) -> npt.NDArray[np.int64] | None:
    return LABELS if METRICS[name].needs_labels else None


@by_name
def test_name_is_the_file_name_and_it_says_what_it_is(name: str) -> None:
    metric = metric_named(name)
    assert metric is METRICS[name]
    assert metric.name == name
    assert 10 < len(metric.summary) <= 90
    assert metric.unit
    assert not metric.proportion or metric.unit == "fraction"


@by_name
def test_one_finite_float64_for_each_sample(name: str) -> None:
    found = METRICS[name].score(NOISY, labels_for(name), REAL)
    assert (found.dtype, found.shape) == (np.float64, (SAMPLES,))
    assert np.isfinite(found).all()
    assert len(np.unique(found)) > 1


@by_name
def test_proportions_are_right_or_wrong(name: str) -> None:
    values = set(METRICS[name].score(NOISY, labels_for(name), REAL).tolist())
    assert (values <= {0.0, 1.0}) == METRICS[name].proportion


@by_name
def test_a_sample_is_scored_by_itself(name: str) -> None:
    score, labels = METRICS[name].score, labels_for(name)
    whole = score(NOISY, labels, REAL)
    for row in (0, 7, SAMPLES - 1):
        part = slice(row, row + 1)
        assert score(NOISY[part], None if labels is None else labels[part], REAL[part]) == whole[part]


@by_name
def test_what_it_is_given_stays_as_it_is(name: str) -> None:
    given = [NOISY.copy(), LABELS.copy(), REAL.copy()]
    for array in given:
        array.setflags(write=False)  # evaluation gives read-only maps
    METRICS[name].score(given[0], given[1] if METRICS[name].needs_labels else None, given[2])


@pytest.mark.parametrize("name", [n for n, m in METRICS.items() if m.relative])
def test_nothing_is_nearer_to_the_reference_than_itself(name: str) -> None:
    metric = METRICS[name]
    sign = 1 if metric.higher_is_better else -1
    itself = sign * metric.score(REAL, None, REAL)
    assert (itself >= sign * metric.score(NOISY, None, REAL)).all()
    assert itself.mean() > sign * metric.score(NOISY, None, REAL).mean()
    assert len(set(itself.tolist())) == 1
    assert not metric.proportion or itself[0] == 1.0


@pytest.mark.parametrize("name", [n for n, m in METRICS.items() if not m.relative])
def test_what_compares_with_labels_takes_no_notice_of_the_reference(name: str) -> None:
    score = METRICS[name].score
    np.testing.assert_array_equal(score(NOISY, labels_for(name), REAL), score(NOISY, labels_for(name), NOISY * 0))


@pytest.mark.parametrize("name", [n for n, m in METRICS.items() if not m.needs_classes])
def test_outputs_of_any_shape(name: str) -> None:
    for shape in ((SAMPLES, 3, 3), (SAMPLES, 9, 1), (SAMPLES, 1, 3, 3)):
        found = METRICS[name].score(NOISY.reshape(shape), labels_for(name), REAL.reshape(shape))
        np.testing.assert_array_equal(found, METRICS[name].score(NOISY, labels_for(name), REAL))
