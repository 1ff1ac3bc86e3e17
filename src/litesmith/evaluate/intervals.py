"""Intervals and tests for accuracies and for paired differences."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Z95 = 1.959963984540054
"""Two-sided 95 % quantile of the normal distribution."""


def wilson(successes: int, n: int) -> tuple[float, float]:
    """Return Wilson's 95 % score interval of a proportion (Wilson, JASA 1927).

    >>> low, high = wilson(90, 100)
    >>> round(low, 4), round(high, 4)
    (0.8256, 0.9448)
    """
    if n == 0:
        return 0.0, 1.0
    p, z2 = successes / n, Z95**2
    middle = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return max(0.0, middle - half), min(1.0, middle + half)


def tango(gained: int, lost: int, n: int) -> tuple[float, float]:
    """Return Tango's 95 % score interval of a paired difference of proportions (Tango, Stat. Med. 1998).

    Args:
        gained: Samples the variant gets right and the reference wrong.
        lost: Samples the variant gets wrong and the reference right.
        n: All samples.

    The difference is (gained - lost) / n. The ends agree with the constrained likelihood maximised numerically:

    >>> low, high = tango(1, 0, 44)
    >>> round(low, 4), round(high, 4)
    (-0.0594, 0.1181)
    """
    if n == 0:
        return -1.0, 1.0
    estimate = (gained - lost) / n

    def excess(delta: float) -> float:
        return tango_excess(gained, lost, n, delta=delta)

    return _root(excess, estimate, -1.0), _root(excess, estimate, 1.0)


def tango_excess(gained: int, lost: int, n: int, *, delta: float) -> float:
    """Return the square of Tango's score statistic at a difference, less the critical value; above 0 outside."""
    variance = n * null_variance(gained / n, lost / n, delta=delta)
    distance = gained - lost - n * delta
    if variance <= 0:
        return -math.inf if distance == 0 else math.inf
    return distance * distance / variance - Z95**2


def null_variance(gain_rate: float, loss_rate: float, *, delta: float) -> float:
    """Return a sample's variance of right-or-wrong differences under the likeliest rates whose difference is `delta`.

    Args:
        gain_rate: Observed share of samples gained.
        loss_rate: Observed share of samples lost.
        delta: Difference that the null hypothesis claims, -1 to 1.
    """
    b = (2 + loss_rate - gain_rate) * delta - gain_rate - loss_rate
    c = -loss_rate * delta * (1 - delta)
    loss = (math.sqrt(max(b * b - 8 * c, 0.0)) - b) / 4
    return 2 * loss + delta * (1 - delta)


def _root(excess: Callable[[float], float], inside: float, outside: float) -> float:
    """Return where `excess` turns from negative to positive between the estimate and a limit, by bisection."""
    if excess(outside) < 0:
        return outside
    for _ in range(80):
        middle = (inside + outside) / 2
        if excess(middle) < 0:
            inside = middle
        else:
            outside = middle
    return (inside + outside) / 2


def mcnemar_exact(gained: int, lost: int) -> float:
    """Return the two-sided p-value of McNemar's exact (binomial) test on the discordant pairs.

    >>> round(mcnemar_exact(2, 10), 5)
    0.03857
    """
    n, k = gained + lost, min(gained, lost)
    if n == 0:
        return 1.0
    logs = [math.lgamma(n + 1) - math.lgamma(i + 1) - math.lgamma(n - i + 1) - n * math.log(2) for i in range(k + 1)]
    return min(1.0, 2 * math.fsum(math.exp(v) for v in logs))


def mean_interval(values: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Return the 95 % interval of a mean by the normal approximation; the point itself for fewer than two values."""
    mean = float(values.mean())
    if values.size < 2:
        return mean, mean
    half = Z95 * float(values.std(ddof=1)) / math.sqrt(values.size)
    return mean - half, mean + half


def fraction_interval(changes: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Return the 95 % interval of the mean of differences of scores in 0..1.

    The normal approximation, with Z95 squared added to the sum of squares, so that identical samples are no proof:
    where all differences are 0, it reaches as far as a loss of 1 could be met that rarely.

    Args:
        changes: float64 [N], each in -1..1.

    >>> low, high = fraction_interval(np.zeros(400))
    >>> round(low, 4), round(high, 4)
    (-0.0096, 0.0096)
    """
    if changes.size == 0:
        return -1.0, 1.0
    mean = float(changes.mean())
    half = Z95 * math.sqrt(float(((changes - mean) ** 2).sum()) + Z95**2) / changes.size
    return max(-1.0, mean - half), min(1.0, mean + half)
