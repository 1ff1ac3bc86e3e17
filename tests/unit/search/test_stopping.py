"""Which candidate is next, when the search ends, and the two parts of the evaluation samples."""

from __future__ import annotations

import pytest

from litesmith.search.stopping import MOST_CHOICE, Budget, Goal, next_candidate, split, stopped


def walked(count: int, first_good: int, goal: Goal) -> list[int]:
    """Return the candidates that are evaluated when those from `first_good` on meet the limit."""
    met: dict[int, bool] = {}
    order = []
    while (index := next_candidate(count, met, goal=goal)) is not None:
        assert index not in met
        met[index] = index >= first_good
        order.append(index)
    good = [index for index, found in met.items() if found]
    if goal is not Goal.ACCURACY:
        assert min(good, default=count) == first_good, "the cheapest that meets the limit is known in the end"
    return order


@pytest.mark.parametrize("count", [0, 1, 2, 7, 10])
def test_halving_finds_the_cheapest_in_few_evaluations(count: int) -> None:
    for first_good in range(count + 1):
        assert len(walked(count, first_good, Goal.LATENCY)) <= count.bit_length()


def test_accuracy_goes_from_the_most_accurate_down() -> None:
    assert walked(4, 2, Goal.ACCURACY) == [3, 2, 1, 0]


def test_answers_that_are_not_in_order_end_as_well() -> None:
    met: dict[int, bool] = {}
    answers = [True, False, True, True, False, True, False]
    while (index := next_candidate(len(answers), met, goal=Goal.SIZE)) is not None:
        met[index] = answers[index]
    assert len(met) <= len(answers)


@pytest.mark.parametrize(
    ("evaluations", "elapsed_s", "word"),
    [(3, 10.0, ""), (4, 10.0, "--search-evaluations 4"), (0, 61.0, "--search-minutes")],
)
def test_either_budget_stops(evaluations: int, elapsed_s: float, word: str) -> None:
    found = stopped(Budget(evaluations=4, minutes=1.0), evaluations=evaluations, elapsed_s=elapsed_s)
    assert found.startswith(word)
    assert bool(found) == bool(word)


@pytest.mark.parametrize("count", [12, 100, 1501, 9000])
def test_parts_are_disjoint_whole_and_the_same_for_a_seed(count: int) -> None:
    choice, confirmation = split(count, seed=0)
    assert sorted(choice + confirmation) == list(range(count))
    assert len(choice) == min(count // 3, MOST_CHOICE)
    assert (choice, confirmation) == split(count, seed=0)
    assert choice != split(count, seed=1)[0]
    assert choice == sorted(choice)
