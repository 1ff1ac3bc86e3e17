"""The range of least squared error, against brute force and against real rounding."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from made_statistics import made_tensors, statistics_of

from litesmith.core.errors import UnknownNameError
from litesmith.quantize.calibrator import calibrator_named
from litesmith.quantize.calibrators import min_max, squared_error
from litesmith.quantize.calibrators.squared_error import expected_error

TENSORS = made_tensors()


def error_of(values: npt.NDArray[np.float32], low: float, high: float, bits: int) -> float:
    """Return the mean squared error of really quantizing to that range."""
    levels = 2**bits - 1
    step = (high - low) / levels
    zero = np.round(-low / step)
    real = values.astype(np.float64)
    return float(np.mean((real - step * (np.clip(np.round(real / step) + zero, 0, levels) - zero)) ** 2))


def estimate(
    values: npt.NDArray[np.float32], lows: npt.ArrayLike, highs: npt.ArrayLike, bits: int
) -> npt.NDArray[np.float64]:
    found = statistics_of(values)
    low, high = np.atleast_1d(np.asarray(lows, np.float64)), np.atleast_1d(np.asarray(highs, np.float64))
    return expected_error(found.centers(), found.weights, low, high, bits=bits)


@pytest.mark.parametrize(("bits", "share"), [(4, 0.4), (8, 0.95)])
def test_heavy_tails_are_cut(bits: int, share: float) -> None:
    values = TENSORS["heavy-tailed"]
    wide = min_max.range_of(statistics_of(values), bits)
    cut = squared_error.range_of(statistics_of(values), bits)
    assert wide == (values.min(), values.max())
    assert cut[1] - cut[0] < share * (wide[1] - wide[0])
    assert estimate(values, *cut, bits) < share * estimate(values, *wide, bits)
    assert error_of(values, *cut, bits) < share * error_of(values, *wide, bits)


@pytest.mark.parametrize("bits", [6, 8])
@pytest.mark.parametrize("name", ["heavy-tailed", "normal", "rectified", "offset", "uniform"])
def test_no_range_of_a_fine_grid_is_much_better(name: str, bits: int) -> None:
    values = TENSORS[name]
    found = float(estimate(values, *squared_error.range_of(statistics_of(values), bits), bits)[0])
    shares = np.linspace(0.02, 1, 70)
    lows, highs = np.meshgrid(min(values.min(), 0) * shares, max(values.max(), 0) * shares)
    best = float(estimate(values, lows.ravel(), highs.ravel(), bits).min())
    assert found <= 1.02 * best


@pytest.mark.parametrize("name", ["heavy-tailed", "normal", "rectified", "relu6", "uniform"])
def test_the_expected_error_is_that_of_real_rounding(name: str) -> None:
    values = TENSORS[name]
    for share in (0.3, 0.7, 1.0):
        low, high = min(float(values.min()), 0.0) * share, float(values.max()) * share
        assert estimate(values, low, high, 8)[0] == pytest.approx(error_of(values, low, high, 8), rel=0.2)


def test_what_is_bounded_is_kept() -> None:
    low, high = squared_error.range_of(statistics_of(TENSORS["relu6"]), 8)
    assert low == 0.0
    assert high == pytest.approx(6, rel=0.02)
    low, high = squared_error.range_of(statistics_of(TENSORS["uniform"]), 8)
    assert (low, high) == (pytest.approx(-1, rel=0.03), pytest.approx(3, rel=0.03))


def test_one_sided_activations_keep_their_side() -> None:
    assert squared_error.range_of(statistics_of(TENSORS["rectified"]), 8)[0] == 0.0
    low, high = squared_error.range_of(statistics_of(TENSORS["negative"]), 8)
    assert low < 0 == high


def test_the_largest_value_is_not_taken_for_the_middle_of_its_bin() -> None:
    """6.0 lies at the lower edge of its bin; its middle would seem to be clipped by the whole range."""
    tensor = statistics_of(TENSORS["relu6"])
    assert tensor.centers().max() == 6.0


def test_more_bits_cut_less() -> None:
    widths = [np.ptp(squared_error.range_of(statistics_of(TENSORS["heavy-tailed"]), bits)) for bits in (4, 8, 16)]
    assert widths == sorted(widths)
    assert widths[0] < 0.7 * widths[2]


def test_min_max_is_what_was_seen() -> None:
    values = TENSORS["offset"]
    assert min_max.range_of(statistics_of(values), 8) == (float(values.min()), float(values.max()))


def test_unknown_calibrator() -> None:
    assert calibrator_named("min_max") is min_max.PLUGIN
    with pytest.raises(UnknownNameError, match="unknown calibrator 'minmax'") as caught:
        calibrator_named("minmax")
    assert "Did you mean 'min_max'?" in caught.value.hint
