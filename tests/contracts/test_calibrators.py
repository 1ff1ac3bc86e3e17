"""What every calibrator promises."""

from __future__ import annotations

import math

import numpy as np
import pytest
from made_statistics import made_tensors, random_values, statistics_of

from litesmith.core.registry import load_plugins, plugin_names
from litesmith.quantize.calibrator import PACKAGE, Calibrator, every_range, narrowest

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


@pytest.mark.parametrize("bits", [4, 8, 16])
@pytest.mark.parametrize("seed", range(60))
def test_any_values_give_a_valid_range(seed: int, bits: int) -> None:
    """Finite, within what was seen and zero; and wide enough and around zero once it is used."""
    values = random_values(seed)
    tensor = statistics_of(values)
    for calibrator in CALIBRATORS.values():
        low, high = calibrator.range_of(tensor, bits)
        assert math.isfinite(low), calibrator.name
        assert math.isfinite(high), calibrator.name
        assert min(values.min(), 0) <= low <= high <= max(values.max(), 0), calibrator.name
    for name, (low, high) in every_range(tensor, bits=bits).items():
        assert low <= 0 <= high, name
        assert max(-low, high) >= narrowest(bits), name
        step = np.float32((high - low) / (2**bits - 1))
        assert np.isfinite(step), name
        assert step > 0, name


@by_name
@pytest.mark.parametrize("tensor", ["normal", "rectified", "uniform", "relu6"])
def test_no_range_is_nonsense(name: str, tensor: str) -> None:
    """On what networks usually have, each keeps an 8-bit value within 6 dB of what the true extremes give."""
    values = TENSORS[tensor].astype(np.float64)

    def noise(calibrator: str) -> float:
        low, high = every_range(statistics_of(values), bits=8)[calibrator]
        step = (high - low) / 255
        return float(np.mean((values - np.clip(np.round(values / step) * step, low, high)) ** 2))

    assert noise(name) < 4 * noise("min_max")


@by_name
def test_the_order_of_equal_shares_does_not_matter(name: str) -> None:
    """The mirror image gives the mirrored range."""
    for tensor in ("normal", "rectified", "offset", "heavy-tailed"):
        low, high = CALIBRATORS[name].range_of(statistics_of(TENSORS[tensor]), 8)
        turned = CALIBRATORS[name].range_of(statistics_of(-TENSORS[tensor]), 8)
        width = max(high, 0) - min(low, 0)
        assert turned == (pytest.approx(-high, abs=0.15 * width), pytest.approx(-low, abs=0.15 * width))
