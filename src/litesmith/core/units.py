"""Quantities as people read and write them. Inside the code units stand in the names."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from litesmith.core.errors import ConfigError

_SIZES = {"b": 1, "kb": 1000, "mb": 1000**2, "gb": 1000**3, "kib": 1024, "mib": 1024**2, "gib": 1024**3}
_TIMES_MS = {"us": 1e-3, "ms": 1.0, "s": 1000.0}
_QUANTITY = re.compile(r"\s*([0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]+)?)\s*([a-zA-Z%]*)\s*\Z")


def _split(text: str, *, what: str, example: str) -> tuple[float, str]:
    match = _QUANTITY.match(text)
    if match is None or not math.isfinite(float(match[1])):
        raise ConfigError(f"{what} '{text}' is not a number with a unit", hint=f"Write it like {example}.")
    return float(match[1]), match[2].lower()


def parse_size_bytes(text: str) -> int:
    """Return bytes from text such as `5MB`, `300 KiB` or `1234`.

    >>> parse_size_bytes("1.5MB")
    1500000
    """
    value, unit = _split(text, what="size", example="5MB or 300KiB")
    if unit and unit not in _SIZES:
        raise ConfigError(f"unknown size unit '{unit}' in '{text}'", hint="Use B, KB, MB, GB, KiB, MiB or GiB.")
    return round(value * _SIZES.get(unit, 1))


def parse_latency_ms(text: str) -> float:
    """Return milliseconds from text such as `20ms`, `0.02s` or `500us`.

    >>> parse_latency_ms("0.02s")
    20.0
    """
    value, unit = _split(text, what="latency", example="20ms or 0.5s")
    if unit not in _TIMES_MS:
        raise ConfigError(f"latency '{text}' needs a unit", hint="Write it like 20ms, 500us or 0.5s.")
    return value * _TIMES_MS[unit]


def parse_fraction(text: str) -> float:
    """Return a fraction from `0.01` or `1%`.

    >>> parse_fraction("1%")
    0.01
    """
    value, unit = _split(text, what="fraction", example="0.01 or 1%")
    if unit not in ("", "%"):
        raise ConfigError(f"unknown unit '{unit}' in '{text}'", hint="Write it like 0.01 or 1%.")
    fraction = value / 100 if unit == "%" else value
    if not 0 <= fraction <= 1:
        raise ConfigError(f"fraction '{text}' is {fraction:g}; it must lie in 0..1", hint="Write it like 0.01 or 1%.")
    return fraction


def _three_digits(value: float) -> str:
    """Return a number with three digits, or with all of its whole ones."""
    return f"{value:.3g}" if value < 999.5 else f"{value:.0f}"


def format_size(size_bytes: float) -> str:
    """Return a size for people, in decimal units.

    >>> format_size(3993152)
    '3.99 MB'
    """
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("KB", 1e3)):
        if size_bytes >= 0.9995 * factor:  # what would be shown as 1000 of the smaller unit
            return f"{_three_digits(size_bytes / factor)} {unit}"
    return f"{int(size_bytes)} B"


def format_latency(latency_ms: float) -> str:
    """Return a latency for people, in one unit so that a column can be compared.

    >>> format_latency(0.0421)
    '0.0421 ms'
    """
    return f"{latency_ms:.3g} ms" if latency_ms < 999.5 else f"{_three_digits(latency_ms / 1000)} s"


def format_instructions(count: float) -> str:
    """Return a number of instructions for people, in millions from a tenth of one on.

    >>> format_instructions(12_345_678), format_instructions(120_400), format_instructions(4_210)
    ('12.3 M', '0.12 M', '4,210')
    """
    return f"{_three_digits(count / 1e6)} M" if count >= 1e5 else f"{count:,.0f}"


def format_rate(per_s: float) -> str:
    """Return inferences per second for people.

    >>> format_rate(1234.5), format_rate(8.333)
    ('1,234', '8.33')
    """
    return f"{per_s:,.0f}" if per_s >= 999.5 else f"{per_s:.3g}"


def format_percent(fraction: float, *, digits: int = 1) -> str:
    """Return a fraction as a percentage.

    >>> format_percent(0.7962, digits=2)
    '79.62 %'
    """
    return f"{fraction * 100:.{digits}f} %"


def format_points(difference: float, *, digits: int = 2) -> str:
    """Return a difference of two fractions in percentage points, always signed.

    >>> format_points(-0.0124)
    '-1.24'
    """
    value = round(difference * 100, digits)
    return f"{value if value else 0.0:+.{digits}f}"


def format_duration(seconds: float) -> str:
    """Return a duration for people.

    >>> format_duration(75)
    '1 min 15 s'
    """
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def format_ranges(numbers: Sequence[int]) -> str:
    """Return whole numbers in ascending order for people, runs put together.

    >>> format_ranges((0, 1, 2, 3, 7))
    '0-3, 7'
    """
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
