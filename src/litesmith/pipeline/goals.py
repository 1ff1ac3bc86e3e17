"""What a goal asks for: which mixed model is good enough, and which variant is recommended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from litesmith.core.deployment import Constraints
from litesmith.core.errors import ConfigError
from litesmith.core.names import unknown
from litesmith.core.results import Evaluation, Variant
from litesmith.core.verdict import DEFAULT_MAX_DROP, VerdictWord
from litesmith.evaluate.verdict import word_of_counts
from litesmith.pipeline import choose
from litesmith.pipeline.choose import DEFAULT_LEAST_SQNR_DB, Choice
from litesmith.pipeline.settings import Settings
from litesmith.search.stopping import Budget, Goal


def goal_named(name: str) -> Goal:
    """Return a goal.

    Raises:
        UnknownNameError: no such goal; the hint names the nearest.
    """
    known = {member.value: member for member in Goal}
    if name not in known:
        raise unknown("goal", name, known)
    return known[name]


def require_goal(settings: Settings) -> None:
    """Check what a search is asked for, before any work.

    Raises:
        UnknownNameError: no such goal.
        ConfigError: there is nothing to judge by, or no budget.
    """
    if not settings.goal:
        return
    goal_named(settings.goal)
    if not settings.data:
        raise ConfigError(
            "--goal searches by the headline metric, and there is no --data to measure it on",
            hint="Give --data DATASET.",
        )
    if settings.search_minutes <= 0:
        raise ConfigError(
            f"--search-minutes is {settings.search_minutes:g}; it must be above 0", hint="Write it like 10 or 0.5."
        )


def budget_of(settings: Settings) -> Budget:
    """Return what the search may spend."""
    return Budget(evaluations=settings.search_evaluations, minutes=settings.search_minutes)


def margin_of(settings: Settings) -> float:
    """Return the loss that is accepted, a fraction."""
    return DEFAULT_MAX_DROP if settings.max_drop is None else settings.max_drop


def meets(made: Evaluation, settings: Settings) -> bool:
    """Tell whether a model is accurate enough on the choice samples.

    For fractions the verdict has to be `no_worse`. Where so few samples could not give that word even if every answer
    were right, the difference itself has to be within the limit. In dB, the default limit holds; other metrics have no
    limit.
    """
    margin = margin_of(settings)
    if made.unit == "dB":
        return made.value >= DEFAULT_LEAST_SQNR_DB
    if made.verdict is None:
        return True
    if made.verdict.word is VerdictWord.NO_WORSE:
        return True
    if not by_estimate(made, settings):
        return False
    drop = -made.difference if made.higher_is_better else made.difference
    return drop <= margin


def by_estimate(made: Evaluation, settings: Settings) -> bool:
    """Tell whether so few samples were evaluated that no model could get the word `no_worse`."""
    if made.verdict is None:
        return False
    return word_of_counts(0, 0, made.n, margin=margin_of(settings)) is not VerdictWord.NO_WORSE


def choose_for(goal: Goal, judged: Sequence[Variant], confirmed: Sequence[Variant], limits: Constraints) -> Choice:
    """Return the variant to ship by a goal.

    Args:
        goal: What it is to be best in.
        judged: The variants with their evaluations on the choice samples, and timed.
        confirmed: The same with those on the confirmation samples, which only check the limits that the user set.
        limits: What the user set.
    """
    choice = _chosen(goal, judged, limits)
    if not choice.recommended:
        return choice
    number = next(i for i, variant in enumerate(judged) if variant.scheme == choice.recommended)
    other = confirmed[number]
    if choose.excess(other, limits) > 0:
        return Choice(
            recommended="",
            nearest=other.scheme,
            reason=f"{other.scheme} was chosen on the choice samples, and the confirmation samples do not confirm "
            f"{choose.limits_text(limits)}: {choose.figures(other)}",
        )
    return replace(choice, reason=f"{choice.reason}. Confirmed on other samples: {choose.figures(other)}")


def _chosen(goal: Goal, judged: Sequence[Variant], limits: Constraints) -> Choice:
    usual = choose.choose(judged, limits)
    if goal is Goal.BALANCED or not usual.recommended:
        return usual
    good = [v for v in choose.usable(judged) if choose.excess(v, limits) == 0]
    if goal is not Goal.ACCURACY:
        good = [v for v in good if choose.good_enough(v, limits)] or good
    orders = {
        Goal.ACCURACY: ("most accurate variant", lambda v: choose.costs(v)[:2]),
        Goal.LATENCY: ("fastest variant", lambda v: (choose.costs(v)[1], choose.costs(v)[2])),
        Goal.SIZE: ("smallest variant", lambda v: (choose.costs(v)[2], choose.costs(v)[0])),
    }
    word, order = orders[goal]
    best = min(good, key=order)
    if goal is Goal.LATENCY:
        word = choose.cheapest_text(best)
    given = choose.limits_text(limits)
    conditions = choose.conditions_text(best, limits) if goal is not Goal.ACCURACY else given and f"meets {given}"
    among = f" that {conditions}" if conditions else ""
    return Choice(
        recommended=best.scheme,
        nearest="",
        reason=f"the {word}{among}, by the choice samples: {choose.figures(best)}",
    )
