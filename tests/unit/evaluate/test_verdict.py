"""Verdicts on counts and differences; how often they are wrong is in test_verdict_rates.py."""

from __future__ import annotations

import math

import numpy as np
import pytest

from litesmith.core.errors import ConfigError
from litesmith.core.verdict import VerdictWord
from litesmith.evaluate.intervals import fraction_interval, mcnemar_exact, tango
from litesmith.evaluate.verdict import of_counts, of_differences

NO_WORSE, WORSE, UNDECIDED = VerdictWord


@pytest.mark.parametrize(
    ("gained", "lost", "n", "margin", "word"),
    [
        (20, 28, 5000, 0.01, NO_WORSE),
        (20, 28, 1000, 0.01, UNDECIDED),
        (10, 40, 1000, 0.01, WORSE),
        (0, 20, 5000, 0.01, NO_WORSE),  # a loss for certain, and a small one
        (0, 0, 380, 0.01, UNDECIDED),
        (0, 0, 381, 0.01, NO_WORSE),  # n m / (1 - m) exceeds 1.96 squared
        (0, 5, 100, 0.01, UNDECIDED),  # the interval excludes 0, the exact test does not
        (0, 6, 100, 0.01, WORSE),
        (40, 10, 1000, 0.0, NO_WORSE),  # better for certain
        (0, 1000, 1000, 0.5, WORSE),
        (0, 1000, 1000, 1.0, WORSE),  # "no worse than everything" is no news either
        (1000, 0, 1000, 0.0, NO_WORSE),
    ],
)
def test_words(gained: int, lost: int, n: int, margin: float, word: VerdictWord) -> None:
    told = of_counts(gained, lost, n, margin=margin)
    assert (told.word, told.margin) == (word, margin)
    assert (told.more_samples is None) == (word is not UNDECIDED)


def test_the_word_follows_from_the_interval_and_the_p_value_that_are_shown() -> None:
    random = np.random.default_rng(1)
    for _ in range(500):
        n = int(random.choice([5, 80, 900, 4000]))
        gained, lost = (int(v) for v in random.binomial(n, random.choice([0.0, 0.003, 0.02, 0.2], 2)) // 2)
        margin = float(random.choice([0.0, 0.003, 0.01, 0.1]))
        low, high = tango(gained, lost, n)
        told = of_counts(gained, lost, n, margin=margin)
        assert (told.word is NO_WORSE) == (low > -margin)
        assert (told.word is WORSE) == (low <= -margin and high < 0 and mcnemar_exact(gained, lost) <= 0.05)
        assert told.largest_loss == max(0.0, -low)


def test_the_largest_loss_is_the_smallest_margin_that_would_do() -> None:
    told = of_counts(20, 28, 1000, margin=0.01)
    assert told.largest_loss == pytest.approx(0.0223, abs=1e-4)
    assert of_counts(20, 28, 1000, margin=told.largest_loss * 1.0001).word is NO_WORSE
    assert of_counts(20, 28, 1000, margin=told.largest_loss * 0.9999).word is UNDECIDED


@pytest.mark.parametrize(("n", "lost"), [(0, 0), (1, 0), (1, 1), (2, 1), (10, 0)])
def test_few_samples_decide_nothing_and_promise_little(n: int, lost: int) -> None:
    told = of_counts(0, lost, n, margin=0.01)
    assert told.word is UNDECIDED
    assert told.largest_loss > 0.2
    assert told.more_samples is not None
    assert told.more_samples > 100


def test_all_wrong_among_few_is_worse() -> None:
    assert of_counts(0, 10, 10, margin=0.01).word is WORSE


def test_equal_answers_are_no_worse_once_there_are_enough() -> None:
    told = of_counts(0, 0, 100, margin=0.01)
    assert told.more_samples is not None
    assert of_counts(0, 0, 100 + told.more_samples, margin=0.01).word is NO_WORSE


def test_without_a_margin_no_number_of_samples_shows_that_equals_are_equal() -> None:
    told = of_counts(7, 7, 1000, margin=0.0)
    assert (told.word, told.more_samples) == (UNDECIDED, None)


def test_a_loss_of_the_margin_is_settled_by_more_samples_as_a_loss() -> None:
    told = of_counts(20, 30, 1000, margin=0.01)
    assert (told.word, told.more_samples) == (UNDECIDED, 3000)
    total = 1000 + 3000
    assert of_counts(20 * total // 1000, 30 * total // 1000, total, margin=0.01).word is WORSE


def test_fewer_samples_are_needed_for_a_larger_margin_and_fewer_differences() -> None:
    def more(gained: int, lost: int, n: int, margin: float) -> int:
        return of_counts(gained, lost, n, margin=margin).more_samples or 0

    assert more(20, 20, 1000, 0.003) > more(20, 20, 1000, 0.005) > more(20, 20, 1000, 0.008) > 0
    assert more(60, 60, 1000, 0.01) > more(20, 20, 1000, 0.01) > 0
    assert str(more(60, 60, 1000, 0.003))[2:].strip("0") == ""  # two digits


@pytest.mark.parametrize("margin", [-0.01, 1.5, math.nan, math.inf])
def test_a_margin_that_is_no_loss(margin: float) -> None:
    for told in (lambda: of_counts(1, 1, 10, margin=margin), lambda: of_differences(np.zeros(10), margin=margin)):
        with pytest.raises(ConfigError, match=r"the loss that is accepted lies in 0\.\.1") as caught:
            told()
        assert caught.value.hint


def test_means() -> None:
    random = np.random.default_rng(0)
    noise = random.normal(0, 0.05, 2000)
    assert of_differences(noise - 0.002, margin=0.01).word is NO_WORSE
    assert of_differences(noise - 0.02, margin=0.01).word is WORSE
    told = of_differences(noise[:50] - noise[:50].mean() - 0.004, margin=0.01)
    assert told.word is UNDECIDED
    assert told.more_samples is not None
    assert told.more_samples > 100
    assert told.largest_loss == -fraction_interval(noise[:50] - noise[:50].mean() - 0.004)[0]


@pytest.mark.parametrize("n", [0, 1, 2, 380])
def test_identical_scores_of_few_samples_are_no_proof(n: int) -> None:
    told = of_differences(np.zeros(n), margin=0.01)
    assert told.word is UNDECIDED
    assert told.more_samples is not None
    assert of_differences(np.zeros(400), margin=0.01).word is NO_WORSE
