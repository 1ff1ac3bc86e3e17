"""What every calibrator promises."""

from __future__ import annotations

import math

import numpy as np
import pytest
from made_statistics import made_tensors, statistics_of

from litesmith.core.registry import load_plugins, plugin_names
from litesmith.quantize.calibrator import PACKAGE, Calibrator

CALIBRATORS: dict[str, Calibrator] = load_plugins(PACKAGE, kind="calibrator")
TENSORS = made_tensors()
by_name = pytest.mark.parametrize("name", plugin_names(PACKAGE))
by_tensor = pytest.mark.parametrize("tensor", TENSORS)


@by_name
def test_name_is_the_file_name_and_it_says_what_it_is(name: str) -> None:
    assert CALIBRATORS[name].name == name
    assert 10 < len(CALIBRATORS[name].summary) <= 90


@by_name
@by_tensor
@pytest.mark.parametrize("bits", [8, 16])
def test_a_range_is_finite_and_lies_within_what_was_seen_and_zero(name: str, tensor: str, bits: int) -> None:
    values = TENSORS[tensor]
    low, high = CALIBRATORS[name].range_of(statistics_of(values), bits)
    assert math.isfinite(low)
    assert math.isfinite(high)
    assert min(values.min(), 0) <= low <= high <= max(values.max(), 0)


@by_name
@by_tensor
def test_a_range_keeps_the_bulk_of_the_values(name: str, tensor: str) -> None:
    """Within a step: one huge value makes all others equal."""
    values = TENSORS[tensor]
    low, high = CALIBRATORS[name].range_of(statistics_of(values), 8)
    low, high = min(low, 0), max(high, 0)
    step = (high - low) / 255
    assert np.mean((values >= low - step) & (values <= high + step)) > 0.95


@by_name
@by_tensor
def test_a_range_grows_with_the_values(name: str, tensor: str) -> None:
    """Twice is one exponent more: the histogram has the same shape."""
    rule = CALIBRATORS[name].range_of
    low, high = rule(statistics_of(TENSORS[tensor]), 8)
    assert rule(statistics_of(TENSORS[tensor] * 2), 8) == (pytest.approx(2 * low), pytest.approx(2 * high))


@by_name
def test_the_statistics_stay_as_they_are(name: str) -> None:
    given, untouched = statistics_of(TENSORS["normal"]), statistics_of(TENSORS["normal"])
    first = CALIBRATORS[name].range_of(given, 8)
    np.testing.assert_array_equal(given.weights, untouched.weights)
    np.testing.assert_array_equal(given.bins, untouched.bins)
    assert CALIBRATORS[name].range_of(given, 8) == first
