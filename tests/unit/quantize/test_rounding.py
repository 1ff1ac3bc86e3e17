"""Second-order rounding against plain rounding, and against its own definition."""

from __future__ import annotations

import numpy as np
import pytest

from litesmith.core.graph import GraphOp
from litesmith.quantize.correction import LayerStep
from litesmith.quantize.corrections.learned_rounding import correct
from litesmith.quantize.rounding import (
    best_each,
    best_rows,
    moments,
    moments_each,
    rounded_each,
    rounded_rows,
    row_scales,
)
from litesmith.runtime.weighted import Layer

SEEDS = range(8)


def correlated(random: np.random.Generator, count: int, size: int) -> np.ndarray:
    mixing = random.normal(size=(size, size)) * np.geomspace(1, 0.05, size)
    return (random.normal(size=(count, size)) @ mixing + random.normal(size=size)).astype(np.float32)


@pytest.mark.parametrize("seed", SEEDS)
def test_rounding_with_the_inputs_in_mind_leaves_less_error(seed: int) -> None:
    random = np.random.default_rng(seed)
    rows, weights = correlated(random, 600, 24), random.normal(size=(10, 24))
    targets = (rows @ weights.T).astype(np.float32)
    covariance, cross = moments(targets, rows)
    real = best_rows(weights, covariance, cross, 0.003)
    scales = row_scales(real, np.diag(covariance), bits=4, per_row=True)
    made = rounded_rows(real, covariance, scales, ridge=0.003, bits=4) * scales[:, None]
    plain = np.clip(np.rint(weights / scales[:, None]), -7, 7) * scales[:, None]

    def error(matrix: np.ndarray) -> float:
        wrong = targets - rows @ matrix.T
        return float(np.square(wrong - wrong.mean(axis=0)).mean())

    assert error(made) < 0.6 * error(plain)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_best_rows_answer_for_the_error_of_their_own_input(seed: int) -> None:
    random = np.random.default_rng(seed)
    rows, weights = correlated(random, 2000, 6), random.normal(size=(3, 6))
    fed = (0.8 * rows + random.normal(0, 0.01, rows.shape)).astype(np.float32)
    targets = (rows @ weights.T).astype(np.float32)
    found = best_rows(weights, *moments(targets, fed), 1e-6)
    wrong = [np.square(targets - targets.mean(0) - (fed - fed.mean(0)) @ m.T).mean() for m in (found, weights)]
    assert wrong[0] < 0.05 * wrong[1]


def test_a_strong_ridge_keeps_the_rows() -> None:
    random = np.random.default_rng(0)
    rows, weights = correlated(random, 50, 8), random.normal(size=(4, 8))
    np.testing.assert_allclose(
        best_rows(weights, *moments(random.normal(size=(50, 4)).astype(np.float32), rows), 1e6), weights, atol=1e-4
    )


def test_each_row_alone_is_as_all_rows_where_they_share_inputs() -> None:
    random = np.random.default_rng(5)
    rows, weights = correlated(random, 400, 9), random.normal(size=(4, 9))
    targets = (rows @ weights.T).astype(np.float32)
    covariance, cross = moments(targets, rows)
    shared = np.repeat(rows.T[:, :, None], 4, axis=2)
    each, own = moments_each(targets, shared)
    np.testing.assert_allclose(each, np.repeat(covariance[None], 4, axis=0), rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(own, cross, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(
        best_each(weights, each, own, 0.01), best_rows(weights, covariance, cross, 0.01), rtol=1e-3, atol=1e-3
    )


def test_depthwise_rounding_leaves_less_error() -> None:
    random = np.random.default_rng(2)
    fed = np.stack([correlated(random, 500, 9) for _ in range(12)], axis=2).transpose(1, 0, 2)
    weights = random.normal(size=(12, 9))
    targets = np.einsum("knc,ck->nc", fed, weights).astype(np.float32)
    covariance, cross = moments_each(targets, np.ascontiguousarray(fed))
    real = best_each(weights, covariance, cross, 0.003)
    scales = row_scales(real, np.diagonal(covariance, axis1=1, axis2=2), bits=4, per_row=True)
    made = rounded_each(real, covariance, scales, ridge=0.003, bits=4) * scales[:, None]
    plain = np.clip(np.rint(weights / scales[:, None]), -7, 7) * scales[:, None]

    def error(matrix: np.ndarray) -> float:
        wrong = targets - np.einsum("knc,ck->nc", fed, matrix)
        return float(np.square(wrong - wrong.mean(axis=0)).mean())

    assert error(made) < 0.7 * error(plain)


def test_a_shared_scale_is_cut_off_where_nothing_comes_in() -> None:
    matrix = np.ones((4, 3))
    matrix[0] *= 1000
    importance = np.ones((4, 3))
    importance[0] = 1e-12
    scales = row_scales(matrix, importance, bits=8, per_row=False)
    assert len(set(scales.tolist())) == 1
    assert scales[0] < 1000 / 127 / 50
    assert row_scales(matrix, np.ones((4, 3)), bits=8, per_row=False)[0] > 1000 / 127 / 3


@pytest.mark.parametrize("value", [0.0, 1e-30])
def test_dead_rows_and_dead_inputs_give_finite_numbers(value: float) -> None:
    rows = np.full((20, 5), value, np.float32)
    matrix = np.zeros((3, 5))
    covariance, cross = moments(np.zeros((20, 3), np.float32), rows)
    real = best_rows(matrix, covariance, cross, 0.003)
    scales = row_scales(real, np.diag(covariance), bits=8, per_row=True)
    made = rounded_rows(real, covariance, scales, ridge=0.003, bits=8)
    assert np.isfinite(real).all()
    assert np.isfinite(made).all()
    assert (scales > 0).all()


def test_a_layer_too_large_keeps_its_integers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("litesmith.quantize.corrections.learned_rounding.MOST_INPUTS", 5)
    for size, kept in ((5, False), (6, True)):
        random = np.random.default_rng(0)
        op = GraphOp(index=0, name="FULLY_CONNECTED", version=1, inputs=(0, 1, 2), outputs=(3,), weight_bytes=0)
        layer = Layer(op=op, shape=(4, size), depthwise=False, bias=2, limits=(-np.inf, np.inf))
        rows, matrix = correlated(random, 64, size), random.normal(size=(4, size))
        integers = np.full((4, size), 3.0)
        step = LayerStep(
            layer=layer,
            matrix=matrix,
            inputs=rows,
            fed=rows,
            groups=np.arange(64),
            targets=(rows @ matrix.T).astype(np.float32),
            limits=layer.limits,
            bits=8,
            per_row=True,
            integers=integers.copy(),
            scales=np.full(4, 0.01),
            bias=np.zeros(4),
        )
        correct(step)
        assert np.array_equal(step.integers, integers) == kept
        assert np.abs(step.bias).max() > 0
