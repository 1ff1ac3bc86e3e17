"""The verdict on a paired difference: no worse than a margin, worse, or not enough samples to tell.

The rule, with g samples gained and l lost of n:

- no worse: the lower end of the 95 % interval of the difference lies above -margin;
- else worse: the upper end lies below 0, and McNemar's exact p-value is at most 0.05;
- else undecided.

Either word is wrong in less than 3 % of evaluations, whatever the true rates (tests/unit/evaluate/test_verdict_rates.py
sums the probabilities). The exact test is asked as well because the interval alone calls 0 gained and 4 lost a loss,
which is what four tosses of a coin give in one of sixteen cases.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from litesmith.core.errors import ConfigError
from litesmith.core.verdict import Verdict, VerdictWord
from litesmith.evaluate.intervals import Z95, fraction_interval, mcnemar_exact, null_variance, tango, tango_excess

SIGNIFICANT = 0.05
"""Two-sided p-value up to which a loss counts as one."""
DECIDED = 0.8
"""Share of evaluations with the announced number of samples that are to be decided."""
MOST_SAMPLES = 100_000_000
"""Larger announcements are none."""
_PRIOR_SAMPLES, _PRIOR_EACH = 10, 0.5
_CDF = NormalDist().cdf


def require_margin(margin: float) -> None:
    """Check that a margin is a loss one can accept.

    Raises:
        ConfigError: it is negative, above 1 or no number.
    """
    if not 0 <= margin <= 1:
        raise ConfigError(
            f"--max-drop is {margin:g}; the loss that is accepted lies in 0..1", hint="Write it like 0.01 or 1%."
        )


def of_counts(gained: int, lost: int, n: int, *, margin: float) -> Verdict:
    """Return the verdict on a metric that is right or wrong.

    Args:
        gained: Samples the variant gets right and the reference wrong.
        lost: Samples the variant gets wrong and the reference right.
        n: All samples; with 0 nothing is decided.
        margin: Loss that is accepted, a fraction.

    Raises:
        ConfigError: the margin is negative, above 1 or no number.

    >>> of_counts(20, 28, 5000, margin=0.01).word
    <VerdictWord.NO_WORSE: 'no_worse'>
    """
    require_margin(margin)
    word = word_of_counts(gained, lost, n, margin=margin)
    more = None
    if word is VerdictWord.UNDECIDED:
        gain, loss = ((count + _PRIOR_EACH) / (n + _PRIOR_SAMPLES) for count in (gained, lost))
        mean = gain - loss
        more = _more(
            n,
            mean,
            true_sd=math.sqrt(gain + loss - mean * mean),
            lower_sd=math.sqrt(null_variance(gain, loss, delta=-margin)),
            upper_sd=math.sqrt(null_variance(gain, loss, delta=0.0)),
            margin=margin,
        )
    return Verdict(word=word, margin=margin, largest_loss=_loss(tango(gained, lost, n)), more_samples=more)


def word_of_counts(gained: int, lost: int, n: int, *, margin: float) -> VerdictWord:
    """Return the word alone; arguments as for `of_counts`."""
    if n == 0:
        return VerdictWord.UNDECIDED
    if gained - lost > -n * margin and tango_excess(gained, lost, n, delta=-margin) > 0:
        return VerdictWord.NO_WORSE
    below = gained < lost and tango_excess(gained, lost, n, delta=0.0) > 0
    return VerdictWord.WORSE if below and mcnemar_exact(gained, lost) <= SIGNIFICANT else VerdictWord.UNDECIDED


def of_differences(changes: npt.NDArray[np.float64], *, margin: float) -> Verdict:
    """Return the verdict on a metric that is a mean of scores in 0..1.

    Args:
        changes: What each sample gained, float64 [N], in -1..1, above 0 where the variant is better.
        margin: Loss that is accepted, a fraction.

    Raises:
        ConfigError: the margin is negative, above 1 or no number.
    """
    require_margin(margin)
    low, high = fraction_interval(changes)
    lossy = VerdictWord.WORSE if high < 0 else VerdictWord.UNDECIDED
    word = VerdictWord.NO_WORSE if low > -margin else lossy
    more = None
    if word is VerdictWord.UNDECIDED:
        count = changes.size + _PRIOR_SAMPLES
        mean = float(changes.sum()) / count
        spread = math.sqrt((float((changes**2).sum()) + 2 * _PRIOR_EACH) / count - mean * mean)
        more = _more(changes.size, mean, true_sd=spread, lower_sd=spread, upper_sd=spread, margin=margin)
    return Verdict(word=word, margin=margin, largest_loss=_loss((low, high)), more_samples=more)


def _loss(interval: tuple[float, float]) -> float:
    return max(0.0, -interval[0])


def _more(n: int, mean: float, *, true_sd: float, lower_sd: float, upper_sd: float, margin: float) -> int | None:
    """Return how many samples beyond n would decide, to the best of what is known; None when no number would.

    That many are enough, by the normal approximation, in four of five cases both for an evaluation of new samples whose
    true rates are the observed ones, and for the old samples together with new ones, where what is known of the true
    difference is what the old ones tell. Also a difference of exactly `mean` is decided. What was observed enters with
    ten more samples, half a one of them gained and half a one lost, so that neither few samples nor none that differ
    promise too much.

    Args:
        n: Samples so far.
        mean: Difference to plan with.
        true_sd: Standard deviation of a sample's difference.
        lower_sd: The same under the hypothesis that `margin` is lost.
        upper_sd: The same under the hypothesis that nothing is.
        margin: Loss that is accepted.
    """
    known = n + _PRIOR_SAMPLES

    def decides(total: int) -> bool:
        root = math.sqrt(total)
        no_worse = -margin + Z95 * lower_sd / root  # differences above it, and below `worse`, are decided
        worse = -Z95 * upper_sd / root - 1 / total  # the exact test asks for about one sample more
        if worse < mean < no_worse:
            return False
        spreads = true_sd / root, true_sd * math.sqrt((total - n) / (known * (total + _PRIOR_SAMPLES)))
        return all(_CDF((no_worse - mean) / sd) - _CDF((worse - mean) / sd) <= 1 - DECIDED for sd in spreads)

    total = _least(decides, n + 1)
    if total is None:
        return None
    more = total - n
    unit = int(10 ** max(0, len(str(more)) - 2))
    return -(-more // unit) * unit


def _least(holds: Callable[[int], bool], start: int) -> int | None:
    """Return the smallest number from `start` on for which something holds, if it then does for all larger ones."""
    step = 1
    while not holds(start + step - 1):
        step *= 2
        if start + step > MOST_SAMPLES:
            return None
    low, high = start + step // 2 - 1, start + step - 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
