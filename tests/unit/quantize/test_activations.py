"""Histogram bins and the step between the elements that go into them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from litesmith.quantize.activations import BINS, bin_centers, bin_indices, stride_for

SHAPES = [(1, 112, 112, 32), (1, 56, 56, 144), (1, 7, 7, 1280), (1, 1001), (1, 30030, 3), (1, 97, 1), (5, 128, 4096)]


def test_a_center_lies_in_its_own_bin() -> None:
    centers = bin_centers()
    real = np.isfinite(centers)
    np.testing.assert_array_equal(bin_indices(centers[real].astype(np.float32)), np.flatnonzero(real))
    assert centers.shape == (BINS,)


def test_only_bins_of_infinity_and_nan_have_no_center() -> None:
    lost = np.flatnonzero(~np.isfinite(bin_centers()))
    assert set(bin_indices(np.array([np.inf, -np.inf, np.nan], np.float32))) <= set(lost)
    assert len(lost) == 2 * 32


@pytest.mark.parametrize("size", [1e-30, 1e-3, 1.0, 6.0, 1e20])
def test_every_value_is_resolved_to_a_64th_of_itself(size: float) -> None:
    values = (np.random.default_rng(0).normal(0, size, 10_000)).astype(np.float32)
    found = bin_centers()[bin_indices(values)]
    assert np.max(np.abs(found - values) / np.abs(values)) <= 1 / 64


def test_zero_is_told_from_what_is_not() -> None:
    zero, small, negative = bin_centers()[bin_indices(np.array([0.0, 1e-6, -1e-6], np.float32))]
    assert abs(zero) < 1e-38 < small
    assert negative == -small


@pytest.mark.parametrize("most", [100, 512, 8192])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_step_shares_no_factor_with_any_dimension(shape: tuple[int, ...], most: int) -> None:
    step = stride_for(shape, most)
    assert all(math.gcd(step, d) == 1 for d in shape if d > 1) or step == 1
    assert math.ceil(math.prod(shape) / step) <= most


@pytest.mark.parametrize("most", [512, 8192])
def test_channels_rows_and_columns_are_met_evenly(most: int) -> None:
    shape = (1, 56, 56, 144)
    picked = np.arange(0, math.prod(shape), stride_for(shape, most))
    for axis, positions in enumerate(np.unravel_index(picked, shape)):
        counts = np.bincount(positions, minlength=shape[axis])
        assert counts.max() <= 2 * counts.min()


def test_all_of_a_small_tensor_is_taken() -> None:
    assert stride_for((1, 8, 8, 8), 512) == 1
    assert stride_for((1,), 512) == 1
