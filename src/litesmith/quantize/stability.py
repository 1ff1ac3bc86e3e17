"""Whether the calibration samples were enough: ranges from the even and from the odd ones compared.

What half of the samples says about a range and the other half does not is what the next samples would change again.
docs/methods.md has the measurements that the limits and the estimate were taken from.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping

import numpy as np

from litesmith.core.results import Finding, RangeStability, RangeVerdict, Severity
from litesmith.core.units import format_percent
from litesmith.quantize.activations import TensorStatistics
from litesmith.quantize.calibrator import Rule, narrowest, widened

FEWEST = 4
"""Samples below which two halves say nothing."""
LIMIT = 0.10
"""Difference that 95 % of the tensors may not exceed."""
SURE = 25
"""Samples below which halves that agree can do so by chance."""
WARNED = 0.25
"""Difference above which it is a warning."""
_POWER = 3
"""Differences were seen to fall with about the cube root of the number of samples, or slower."""
_MOST_WANTED = 10_000


def stability(
    statistics: Mapping[str, TensorStatistics],
    rule: Rule,
    *,
    bits: int,
    samples: int,
    known: Collection[str] = (),
) -> RangeStability:
    """Return how far the ranges of two halves of the samples differ, and whether that is little enough.

    Args:
        statistics: Of every activation, with both halves.
        rule: Of the calibrator in use.
        bits: Bits of the integers.
        samples: Samples seen.
        known: Tensors whose range does not come from the samples.
    """
    found = {
        name: difference
        for name, tensor in statistics.items()
        if name not in known and (difference := _difference(tensor, rule, bits=bits)) is not None
    }
    if samples < FEWEST or not found:
        reason = f"{samples} samples, fewer than {FEWEST}" if samples < FEWEST else "no activation has a range"
        return RangeStability(
            verdict=RangeVerdict.UNKNOWN,
            text=f"whether the samples are enough cannot be judged: {reason}",
            tensors=len(found),
            limit=LIMIT,
        )
    differences = np.array(list(found.values()))
    median, p95 = (float(np.percentile(differences, q)) for q in (50, 95))
    worst = max(found, key=lambda name: found[name])
    wanted = min(math.ceil(samples * (p95 / LIMIT) ** _POWER), _MOST_WANTED) if p95 > LIMIT else None
    verdict, judged = _verdict(wanted, samples)
    return RangeStability(
        verdict=verdict,
        text=f"ranges from two halves of the samples differ by {format_percent(median)} in the median tensor and by at "
        f"most {format_percent(p95)} in 95 % of them: {judged}",
        tensors=len(found),
        limit=LIMIT,
        median_difference=median,
        p95_difference=p95,
        worst_difference=found[worst],
        worst_tensor=worst,
        samples_wanted=wanted,
    )


def _verdict(wanted: int | None, samples: int) -> tuple[RangeVerdict, str]:
    """Return the verdict and how to say it."""
    if wanted is not None:
        return RangeVerdict.UNSTABLE, f"not settled, more samples are needed ({_estimate(wanted)})"
    if samples < SURE:
        return RangeVerdict.UNKNOWN, f"with fewer than {SURE} samples that can be chance"
    return RangeVerdict.STABLE, "the samples are enough"


def _estimate(wanted: int) -> str:
    more = f"more than {wanted:,}" if wanted == _MOST_WANTED else f"some {wanted:,}"
    return f"{more} by estimate"


def _difference(tensor: TensorStatistics, rule: Rule, *, bits: int) -> float | None:
    """Return how far the ends of the halves' ranges lie apart, over the width of the whole range; None if unknown."""
    if len(tensor.halves) != 2:
        return None
    low, high = widened(*rule(tensor, bits), bits=bits)
    if high - low <= narrowest(bits):
        return None
    (low_a, high_a), (low_b, high_b) = (widened(*rule(half, bits), bits=bits) for half in tensor.halves)
    return (abs(low_a - low_b) + abs(high_a - high_b)) / (high - low)


def unstable_ranges(found: RangeStability, calibrator: str) -> tuple[Finding, ...]:
    """Return the finding about ranges that are not settled; none when they are, or when it cannot be judged."""
    if found.verdict is not RangeVerdict.UNSTABLE:
        return ()
    return (
        Finding(
            code="unstable-ranges",
            severity=Severity.WARNING if (found.p95_difference or 0.0) > WARNED else Severity.INFO,
            message=f"ranges of {calibrator} are not settled: those from two halves of the samples differ by more than "
            f"{format_percent(found.p95_difference or 0.0)} in 5 % of the tensors, most in "
            f"'{found.worst_tensor.split(';')[0]}'",
            hint=f"Give more calibration samples ({_estimate(found.samples_wanted or 0)}), or take another "
            "--calibrator. Where the measured accuracy is good, it can be left.",
        ),
    )
