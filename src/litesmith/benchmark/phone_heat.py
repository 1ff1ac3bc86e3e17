"""Whether a phone held its clock back while it was measured, and the cores a program may use there."""

from __future__ import annotations

from collections.abc import Sequence

from litesmith.core.benchmark import Thermal, ThermalState
from litesmith.core.errors import ConfigError
from litesmith.core.names import unknown
from litesmith.core.phone import ALL, BIG, CORES, THERMAL_WORDS, PhoneFacts, PhoneHeat
from litesmith.core.units import format_ranges

UNKNOWN = ("the phone says neither its thermal status nor whether the kernel cools",)


def thermal_of_phone(states: Sequence[PhoneHeat], *, clock_most_mhz: float | None = None) -> Thermal:
    """Return what became of heat and clock, from states in the order they were read.

    Android's status is `none` as long as nothing is held back; from `light` on it throttles
    (`PowerManager.THERMAL_STATUS_LIGHT`). So the clock was held back where the status was higher at any moment, or
    where the kernel's cooling lowered the clock.

    Args:
        states: At least one.
        clock_most_mhz: The most that the cores that were used can have.
    """
    statuses = [one.status for one in states if one.status is not None]
    cooled = [one.cooling for one in states if one.cooling is not None]
    reasons = []
    if any(statuses):
        reasons.append(f"Android reported thermal status {_word(max(statuses))}")
    if any(cooled):
        reasons.append(f"the kernel lowered the clock against heat (step {max(cooled)})")
    known = bool(statuses or cooled)
    return Thermal(
        before=_state(states[0]),
        after=_state(states[-1]),
        clock_most_mhz=clock_most_mhz,
        throttled=bool(reasons) if known else None,
        reasons=tuple(reasons) if known else UNKNOWN,
    )


def _state(said: PhoneHeat) -> ThermalState:
    holding: tuple[str, ...] | None = None
    if said.status is not None or said.cooling is not None:
        holding = (f"thermal status {_word(said.status)}",) if said.status else ()
        holding += (f"cooling step {said.cooling}",) if said.cooling else ()
    return ThermalState(temperature_c=said.cpu_c, clock_mhz=said.clock_mhz, holding=holding, battery_c=said.battery_c)


def _word(status: int) -> str:
    return THERMAL_WORDS[status] if 0 <= status < len(THERMAL_WORDS) else str(status)


def cores_of(facts: PhoneFacts, wanted: str, *, where: str) -> tuple[tuple[int, ...], str]:
    """Return the cores that a choice stands for, and how they are called, such as `big: 4-7`.

    `little` are those of the slowest kind, `big` all others; `all` sets no limit, and has no cores.

    Raises:
        UnknownNameError: there is no such choice.
        ConfigError: the phone's cores are all of one kind, or it does not say.
    """
    if wanted not in CORES:
        raise unknown("cores", wanted, CORES)
    if wanted == ALL:
        return (), ALL
    if len(facts.groups) < 2:
        raise ConfigError(
            f"--cores {wanted}: the cores of {where} are all of one kind, as far as it says",
            hint="Leave --cores out.",
        )
    chosen = facts.groups[1:] if wanted == BIG else facts.groups[:1]
    cores = tuple(sorted(core for group in chosen for core in group.cores))
    return cores, f"{wanted}: {format_ranges(cores)}"


def clock_most(facts: PhoneFacts, cores: Sequence[int]) -> float | None:
    """Return the most the clock of the cores that are used can have, in MHz; None where the phone does not say."""
    found = [
        group.clock_most_mhz
        for group in facts.groups
        if group.clock_most_mhz is not None and (not cores or set(group.cores) & set(cores))
    ]
    return max(found, default=None)


def mask_of(cores: Sequence[int]) -> str:
    """Return the mask that Android's `taskset` takes: hexadecimal, a bit per core.

    >>> mask_of((4, 5, 6, 7))
    'f0'
    """
    return f"{sum(1 << core for core in cores):x}"
