"""What is kept: only what is measurably nearer to float and agrees with it no less often."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from litesmith.recover.judging import LEVEL, SQUARED, VARIATION, errors, judge, measure_for, sign_flip_p

Floats = npt.NDArray[np.float32]


def probabilities(count: int, *, seed: int = 0) -> Floats:
    logits = np.random.default_rng(seed).normal(0, 2, (count, 6))
    made = np.exp(logits)
    return (made / made.sum(axis=1, keepdims=True)).astype(np.float32)


def noisy(values: Floats, amount: float, *, seed: int) -> Floats:
    made = np.abs(values + np.random.default_rng(seed).normal(0, amount, values.shape)).astype(np.float32)
    return (made / made.sum(axis=1, keepdims=True)).astype(np.float32)


def test_clearly_better_is_kept() -> None:
    real = probabilities(60)
    made = judge(noisy(real, 0.05, seed=1), noisy(real, 0.01, seed=2), real, agreements=(0.9, 0.95))
    assert made.kept
    assert made.measure == VARIATION
    assert made.after.error < made.before.error
    assert made.p_value < LEVEL
    assert "60 samples kept apart" in made.reason


@pytest.mark.parametrize(
    ("before", "after", "agreements", "words"),
    [
        (0.05, 0.0499, (0.9, 0.9), "better than the model made without training"),
        (0.01, 0.05, (0.9, 0.9), "no better than"),
        (0.05, 0.01, (0.95, 0.9), "agrees with float on 90.0% of them, less than 95.0%"),
    ],
)
def test_what_is_dropped_is_dropped_for_a_reason(
    before: float, after: float, agreements: tuple[float, float], words: str
) -> None:
    real = probabilities(60)
    made = judge(noisy(real, before, seed=1), noisy(real, after, seed=2), real, agreements=agreements)
    assert not made.kept
    assert words in made.reason


def test_the_same_answers_are_not_better() -> None:
    real = probabilities(60)
    other = noisy(real, 0.05, seed=1)
    made = judge(other, other, real, agreements=None)
    assert (made.kept, made.p_value, made.before) == (False, 1.0, made.after)


@pytest.mark.slow
def test_a_training_that_changes_nothing_is_seldom_kept() -> None:
    kept = 0
    for trial in range(400):
        real = probabilities(40, seed=trial)
        made = judge(
            noisy(real, 0.03, seed=2 * trial + 10_000),
            noisy(real, 0.03, seed=2 * trial + 10_001),
            real,
            agreements=None,
        )
        kept += made.kept
    assert kept / 400 < LEVEL, "half of the level is expected: only one of two sides counts"


def test_what_the_error_is_follows_from_the_answers() -> None:
    real = probabilities(4)
    assert measure_for(real) == VARIATION
    assert measure_for(np.log(real)) == SQUARED
    assert measure_for(real[:, :1]) == SQUARED
    assert measure_for(real[:, 0]) == SQUARED
    assert measure_for(np.stack([real, real], axis=1)) == VARIATION


def test_errors_of_hand_made_answers() -> None:
    real = np.array([[1.0, 0.0], [0.5, 0.5]], np.float32)
    made = np.array([[0.0, 1.0], [0.5, 0.5]], np.float32)
    assert errors(made, real, VARIATION).tolist() == [1.0, 0.0]
    assert errors(np.stack([made] * 3, axis=1), np.stack([real] * 3, axis=1), VARIATION).tolist() == [1.0, 0.0]
    plain = np.array([[-1.0], [1.0]], np.float32)
    assert errors(plain + 0.5, plain, SQUARED).tolist() == [0.25, 0.25]


def test_the_p_value_counts_every_pattern_of_signs_of_few_samples() -> None:
    assert sign_flip_p(np.array([1.0, 2.0, 4.0])) == 2 / 8
    assert sign_flip_p(np.array([1.0, 2.0, -4.0])) == 1.0
    assert sign_flip_p(np.full(40, -0.1)) < 1e-4
