"""Whether a machine held its clock back while it was measured, from what it said before, between and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from litesmith.core.benchmark import Sustained, SustainedPoint, Thermal, ThermalState
from litesmith.remote.facts import throttling_of

_NOW, _SINCE_BOOT = " now", " since boot"
UNKNOWN = ("there is no vcgencmd, no throttle counter and no cooling device of the clock",)


def thermal_of(states: Sequence[Mapping[str, Any]]) -> Thermal:
    """Return what became of heat and clock, from states in the order they were read.

    The clock was held back where the firmware says so at any of these moments, where it says after and not before
    that it did since boot, where the CPU's counter of throttle events rose, or where the kernel's cooling lowered it.

    Args:
        states: As `state` of `runtime/latency.py` reads them; at least one.
    """
    first, last = states[0], states[-1]
    reasons = []
    flagged = [said for said in states if said.get("flags") is not None]
    during = list(dict.fromkeys(word for said in flagged for word in _words(said, _NOW)))
    if during:
        reasons.append(f"the firmware reported: {', '.join(during)}")
    if first.get("flags") is not None and last.get("flags") is not None:
        known = {*during, *_words(first, _SINCE_BOOT)}
        risen = [word for word in _words(last, _SINCE_BOOT) if word not in known]
        if risen:
            reasons.append(f"the firmware reported for a moment: {', '.join(risen)}")
    if first.get("events") is not None and (risen_by := last["events"] - first["events"]) > 0:
        reasons.append(f"the CPU counted {risen_by} throttle events")
    cooled = [said["cooling"] for said in states if said.get("cooling") is not None]
    if any(cooled):
        reasons.append(f"the kernel lowered the clock against heat (step {max(cooled)})")
    known_source = bool(flagged or cooled) or first.get("events") is not None
    return Thermal(
        before=_state(first),
        after=_state(last),
        clock_most_mhz=last.get("clock_most_mhz"),
        throttled=bool(reasons) if known_source else None,
        reasons=tuple(reasons) if known_source else UNKNOWN,
    )


def sustained_of(event: Mapping[str, Any]) -> Sustained:
    """Return the record of a sustained run from the event of the timing script."""
    points = event["points"]
    return Sustained(
        duration_s=event["duration_s"],
        runs=event["runs"],
        throughput_per_s=event["runs"] / max(event["duration_s"], 1e-9),
        first_p50_ms=event["first_ms"],
        last_p50_ms=event["last_ms"],
        thermal=thermal_of(points),
        points=tuple(
            SustainedPoint(
                t_s=point["t_s"],
                runs=point["runs"],
                p50_ms=point["p50_ms"],
                temperature_c=point.get("temperature_c"),
                clock_mhz=point.get("clock_mhz"),
                holding=_holding(point),
            )
            for point in points[1:]
        ),
    )


def _state(said: Mapping[str, Any]) -> ThermalState:
    return ThermalState(
        temperature_c=said.get("temperature_c"), clock_mhz=said.get("clock_mhz"), holding=_holding(said)
    )


def _holding(said: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Return what holds the clock back at a moment; None where neither firmware nor kernel say."""
    if said.get("flags") is None and said.get("cooling") is None:
        return None
    cooling = (f"cooling step {said['cooling']}",) if said.get("cooling") else ()
    return (*_words(said, _NOW), *cooling)


def _words(said: Mapping[str, Any], when: str) -> list[str]:
    """Return the firmware's flags of now or since boot, in words without that."""
    words = throttling_of(hex(said["flags"])) if said.get("flags") is not None else ()
    return [word.removesuffix(when) for word in words if word.endswith(when)]
