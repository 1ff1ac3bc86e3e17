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
        """Return the score statistic's square less the critical value, signed by the side of the estimate."""
        a = 2 * n
        b = -gained - lost + (2 * n - gained + lost) * delta
        c = -lost * delta * (1 - delta)
        q = (math.sqrt(max(b * b - 4 * a * c, 0.0)) - b) / (2 * a)
        variance = n * (2 * q + delta * (1 - delta))
        distance = gained - lost - n * delta
        if variance <= 0:
            return -math.inf if distance == 0 else math.inf
        return distance * distance / variance - Z95**2

    return _root(excess, estimate, -1.0), _root(excess, estimate, 1.0)


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
