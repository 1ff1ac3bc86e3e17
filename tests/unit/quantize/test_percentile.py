"""Percentiles from the histogram, against those of the values; and the mean of extremes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_statistics import made_tensors, statistics_of

from litesmith.quantize.calibrators import moving_average, percentile

TENSORS = made_tensors()


@pytest.mark.parametrize("name", ["normal", "rectified", "heavy-tailed", "offset", "uniform", "negative", "relu6"])
def test_percentiles_are_those_of_the_values_within_a_bin(name: str) -> None:
    values = TENSORS[name].astype(np.float64)
    low, high = percentile.range_of(statistics_of(values), 8)
    ordered, beyond = np.sort(values), round(percentile.SHARE * values.size)
    slack = 0.033 * np.abs(ordered) + 1e-40
    assert ordered[beyond - 2] - slack[beyond - 2] <= low <= ordered[beyond + 1] + slack[beyond + 1]
    assert ordered[-beyond - 2] - slack[-beyond - 2] <= high <= ordered[-beyond + 1] + slack[-beyond + 1]


def test_it_interpolates_within_a_bin() -> None:
    """One bin holds all: a hundredth of its width from each end would be nearer than the bin's edge."""
    values = np.linspace(4.0, 4.12, 1_000_000)
    low, high = percentile.range_of(statistics_of(values), 8)
    assert 4.0 < low < 4.001
    assert 4.119 < high < 4.12


def test_one_wild_value_in_many_is_cut() -> None:
    low, high = percentile.range_of(statistics_of(TENSORS["outlier"]), 8)
    assert -4 < low < -3
    assert 3 < high < 4


def test_few_values_are_kept() -> None:
    low, high = percentile.range_of(statistics_of(np.array([-1.0, 0.5, 7.0])), 8)
    assert (low, high) == (pytest.approx(-1, rel=0.04), pytest.approx(7, rel=0.04))


def test_the_mean_of_extremes() -> None:
    tensor = replace(statistics_of(TENSORS["normal"]), mean_minimum=-2.5, mean_maximum=3.5)
    assert moving_average.range_of(tensor, 8) == (-2.5, 3.5)
