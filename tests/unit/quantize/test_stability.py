"""Ranges of two halves compared, and what is said about them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from made_statistics import statistics_of

from litesmith.core.results import RangeStability, RangeVerdict, Severity
from litesmith.quantize.activations import TensorStatistics
from litesmith.quantize.calibrators import min_max, percentile
from litesmith.quantize.stability import FEWEST, LIMIT, SURE, WARNED, stability, unstable_ranges


def halved(even: npt.ArrayLike, odd: npt.ArrayLike) -> TensorStatistics:
    a, b = np.asarray(even, np.float32), np.asarray(odd, np.float32)
    return replace(statistics_of(np.concatenate([a, b])), halves=(statistics_of(a), statistics_of(b)))


def judged(samples: int = 100, **tensors: TensorStatistics) -> RangeStability:
    return stability(tensors, min_max.range_of, bits=8, samples=samples)


def test_the_difference_is_of_both_ends_over_the_width() -> None:
    found = judged(x=halved([-1.0, 4.0], [-2.0, 3.0]))
    assert found.worst_difference == pytest.approx((1 + 1) / 6)
    assert found.median_difference == found.p95_difference == found.worst_difference


def test_ranges_that_are_shifted_differ_though_their_widths_do_not() -> None:
    assert judged(x=halved([-1.0, 3.0], [-3.0, 1.0])).worst_difference == pytest.approx(4 / 6)


def test_one_wild_tensor_in_thirty_is_named_and_does_not_decide() -> None:
    calm = {f"t{i}": halved([0.0, 1.0], [0.0, 0.99]) for i in range(30)}
    found = judged(wild=halved([0.0, 1.0], [0.0, 5.0]), **calm)
    assert (found.verdict, found.worst_tensor) == (RangeVerdict.STABLE, "wild")
    assert found.worst_difference == pytest.approx(0.8)
    assert found.tensors == 31
    assert "enough" in found.text
    assert found.samples_wanted is None
    assert unstable_ranges(found, "min_max") == ()


@pytest.mark.parametrize(("top", "severity"), [(0.85, Severity.INFO), (0.7, Severity.WARNING)])
def test_ranges_that_are_not_settled_are_a_finding(top: float, severity: Severity) -> None:
    found = judged(**{"a;b": halved([0.0, 1.0], [0.0, top])})
    assert found.verdict is RangeVerdict.UNSTABLE
    assert found.samples_wanted is not None
    assert found.samples_wanted == pytest.approx(100 * ((1 - top) / LIMIT) ** 3, abs=1)
    (finding,) = unstable_ranges(found, "min_max")
    assert (finding.code, finding.severity) == ("unstable-ranges", severity)
    assert "'a'" in finding.message
    assert f"{found.samples_wanted:,}" in finding.hint
    assert LIMIT < WARNED


def test_the_estimate_is_bounded() -> None:
    found = judged(samples=5000, x=halved([0.0, 1.0], [0.0, 0.1]))
    assert found.samples_wanted == 10_000
    assert "more than 10,000" in found.text


@pytest.mark.parametrize("samples", [1, FEWEST - 1])
def test_too_few_samples_cannot_be_judged(samples: int) -> None:
    found = judged(samples=samples, x=halved([0.0, 1.0], [0.0, 0.1]))
    assert (found.verdict, found.p95_difference) == (RangeVerdict.UNKNOWN, None)
    assert f"fewer than {FEWEST}" in found.text
    assert unstable_ranges(found, "min_max") == ()


def test_one_sample_has_no_halves() -> None:
    found = judged(samples=1, x=statistics_of(np.ones(5)))
    assert (found.verdict, found.tensors) == (RangeVerdict.UNKNOWN, 0)


def test_few_samples_that_agree_prove_nothing() -> None:
    same = halved([0.0, 1.0], [0.0, 1.0])
    assert judged(samples=SURE - 1, x=same).verdict is RangeVerdict.UNKNOWN
    assert judged(samples=SURE, x=same).verdict is RangeVerdict.STABLE


def test_dead_tensors_and_known_ranges_are_left_out() -> None:
    tensors = {"dead": halved(np.zeros(4), np.zeros(4)), "input": halved([0.0, 1.0], [0.0, 9.0])}
    found = stability(tensors, min_max.range_of, bits=8, samples=100, known={"input"})
    assert (found.verdict, found.tensors) == (RangeVerdict.UNKNOWN, 0)
    assert "no activation has a range" in found.text


def test_the_rule_in_use_decides() -> None:
    """An outlier in one half moves its extremes and not its percentiles."""
    bulk = np.random.default_rng(0).uniform(0, 1, 40_000)
    tensors = {"x": halved(bulk, np.append(bulk, 3.0))}
    assert stability(tensors, min_max.range_of, bits=8, samples=99).verdict is RangeVerdict.UNSTABLE
    assert stability(tensors, percentile.range_of, bits=8, samples=99).verdict is RangeVerdict.STABLE
