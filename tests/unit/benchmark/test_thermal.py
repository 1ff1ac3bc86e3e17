"""Whether the clock was held back, from what a machine said at several moments."""

from __future__ import annotations

from typing import Any

import pytest

from litesmith.benchmark.thermal import sustained_of, thermal_of

NOTHING: dict[str, Any] = {"flags": None, "events": None, "cooling": None, "temperature_c": None, "clock_mhz": None}


def states(**values: Any) -> list[dict[str, Any]]:
    """Return one state for each value of a field."""
    (name, found), *_ = values.items()
    return [{**NOTHING, name: value} for value in found]


def test_a_machine_that_says_nothing_is_neither_throttled_nor_not() -> None:
    made = thermal_of([NOTHING, NOTHING])
    assert made.throttled is None
    assert "vcgencmd" in made.reasons[0]
    assert (made.before.temperature_c, made.after.holding) == (None, None)


@pytest.mark.parametrize(
    ("said", "throttled", "reason"),
    [
        (states(flags=[0, 0, 0]), False, ""),
        (states(flags=[0, 0x4, 0]), True, "the firmware reported: throttled"),
        (states(flags=[0x1, 0x1]), True, "the firmware reported: under-voltage"),
        (states(flags=[0x8, 0xA]), True, "the firmware reported: at the soft temperature limit, clock capped"),
        (states(flags=[0x50000, 0x50000]), False, ""),  # long ago
        (states(flags=[0x50000, 0xD0000]), True, "for a moment: at the soft temperature limit"),
        (states(flags=[0, None, 0x20000]), True, "for a moment: clock capped"),
        (states(flags=[0, 0x2, 0x20000]), True, "the firmware reported: clock capped"),
        (states(events=[7, 7, 7]), False, ""),
        (states(events=[7, 9, 12]), True, "the CPU counted 5 throttle events"),
        (states(cooling=[0, 0]), False, ""),
        (states(cooling=[0, 3, 1]), True, "the kernel lowered the clock against heat (step 3)"),
    ],
)
def test_held_back_or_not(said: list[dict[str, Any]], throttled: bool, reason: str) -> None:
    made = thermal_of(said)
    assert made.throttled is throttled
    assert len(made.reasons) == int(throttled)
    assert reason in "".join(made.reasons)


def test_a_sustained_run() -> None:
    points = [
        {**NOTHING, "t_s": 0.0, "temperature_c": 50.0, "flags": 0},
        {**NOTHING, "t_s": 1.0, "runs": 10, "p50_ms": 2.0, "temperature_c": 70.0, "flags": 0},
        {**NOTHING, "t_s": 2.0, "runs": 5, "p50_ms": 4.0, "temperature_c": 82.0, "flags": 0x4, "clock_mhz": 1000.0},
    ]
    made = sustained_of({"duration_s": 2.0, "runs": 15, "first_ms": 2.0, "last_ms": 4.0, "points": points})
    assert (made.throughput_per_s, made.first_p50_ms, made.last_p50_ms) == (7.5, 2.0, 4.0)
    assert [point.t_s for point in made.points] == [1.0, 2.0]
    assert [point.holding for point in made.points] == [(), ("throttled",)]
    assert (made.thermal.before.temperature_c, made.thermal.after.temperature_c) == (50.0, 82.0)
    assert made.thermal.throttled
