"""Quantities read and written for people."""

from __future__ import annotations

import pytest

from litesmith.core.errors import ConfigError
from litesmith.core.units import (
    format_duration,
    format_latency,
    format_percent,
    format_points,
    format_size,
    parse_fraction,
    parse_latency_ms,
    parse_size_bytes,
)


@pytest.mark.parametrize(
    ("text", "size"),
    [("1234", 1234), ("5MB", 5_000_000), (" 300 kib ", 307_200), ("1GiB", 1 << 30), (".5KB", 500), ("2e3b", 2000)],
)
def test_sizes(text: str, size: int) -> None:
    assert parse_size_bytes(text) == size


def test_sizes_are_whole_bytes_of_what_was_typed() -> None:
    """1.001 * 10**6 is below 1001000 in binary."""
    assert all(parse_size_bytes(f"{n / 1000}MB") == n * 1000 for n in range(1, 5000))


@pytest.mark.parametrize("text", ["", "MB", "5 XB", "-5MB", "5MB5", "5%", "nan", "1e999MB", "5\nMB\n6"])
def test_wrong_sizes(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_size_bytes(text)
    assert caught.value.hint


@pytest.mark.parametrize(("text", "ms"), [("20ms", 20.0), ("0.5s", 500.0), ("500us", 0.5), ("1e-3 S", 1.0)])
def test_latencies(text: str, ms: float) -> None:
    assert parse_latency_ms(text) == pytest.approx(ms)


@pytest.mark.parametrize("text", ["20", "20 min", "fast", "1e999ms"])
def test_a_latency_needs_a_number_and_a_unit(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_latency_ms(text)


@pytest.mark.parametrize(("text", "fraction"), [("1%", 0.01), ("0.01", 0.01), ("0", 0.0), ("100 %", 1.0)])
def test_fractions(text: str, fraction: float) -> None:
    assert parse_fraction(text) == pytest.approx(fraction)


@pytest.mark.parametrize("text", ["1.01", "101%", "-1%", "1 point", "much"])
def test_wrong_fractions(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_fraction(text)


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 KB"),
        (999_499, "999 KB"),
        (999_999, "1 MB"),
        (14_212_345, "14.2 MB"),
        (999_999_999, "1 GB"),
        (2_500_000_000_000, "2500 GB"),
    ],
)
def test_sizes_for_people(size: int, text: str) -> None:
    assert format_size(size) == text


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (0.00051, "0.00051 ms"),
        (0.0999, "0.0999 ms"),
        (0.1, "0.1 ms"),
        (4.126, "4.13 ms"),
        (999.4, "999 ms"),
        (999.9, "1 s"),
        (1500, "1.5 s"),
        (1_234_000, "1234 s"),
    ],
)
def test_latencies_for_people(ms: float, text: str) -> None:
    assert format_latency(ms) == text


def test_percentages_points_and_durations_for_people() -> None:
    assert format_percent(0.7962) == "79.6 %"
    assert [format_points(d) for d in (-0.0124, 0.005, 0.0, -0.00001)] == ["-1.24", "+0.50", "+0.00", "+0.00"]
    assert [format_duration(s) for s in (0.04, 59.94, 59.96, 75, 3600)] == [
        "0.0 s",
        "59.9 s",
        "1 min 0 s",
        "1 min 15 s",
        "60 min 0 s",
    ]
