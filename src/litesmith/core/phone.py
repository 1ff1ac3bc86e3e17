"""What a phone is, as far as measuring on it needs to know: what programs it runs, its cores, its heat."""

from __future__ import annotations

from dataclasses import dataclass

ALL, BIG, LITTLE = "all", "big", "little"
CORES = (ALL, BIG, LITTLE)
"""Which cores of a phone may be used."""

THERMAL_WORDS = ("none", "light", "moderate", "severe", "critical", "emergency", "shutdown")
"""Android's thermal status, by its number (`android.os.PowerManager.THERMAL_STATUS_*`, from Android 10 on)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreGroup:
    """Cores of one kind.

    Attributes:
        cores: Their numbers, ascending.
        clock_most_mhz: The most their clock can have; None where the phone does not say.
    """

    cores: tuple[int, ...]
    clock_most_mhz: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneFacts:
    """What a phone says of itself. Empty text and 0 stand for "it does not say".

    Attributes:
        serial: How adb names it.
        maker: Manufacturer.
        model: Such as `Pixel 8`.
        soc: System on a chip, such as `Google Tensor G3`.
        android: Release, such as `15`.
        sdk: API level, such as 35.
        abis: Kinds of programs it runs, its favourite first, such as `arm64-v8a`.
        groups: Its cores by kind, the slowest first; one group where all are alike or the phone does not say.
    """

    serial: str
    maker: str = ""
    model: str = ""
    soc: str = ""
    android: str = ""
    sdk: int = 0
    abis: tuple[str, ...] = ()
    groups: tuple[CoreGroup, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneHeat:
    """Heat and clock of a phone at one moment; None where it does not say.

    Attributes:
        status: Android's thermal status, 0 for none to 6 for shutdown; see `THERMAL_WORDS`.
        battery_c: Temperature of the battery.
        cpu_c: Temperature of the hottest CPU sensor.
        clock_mhz: Of the fastest core at that moment.
        cooling: How far the kernel lowers the clock against heat, 0 for not at all.
    """

    status: int | None = None
    battery_c: float | None = None
    cpu_c: float | None = None
    clock_mhz: float | None = None
    cooling: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Battery:
    """Charge of a phone; None where it does not say.

    Attributes:
        percent: Charge.
        powered: Whether it hangs on a charger or a port that gives power.
    """

    percent: int | None = None
    powered: bool | None = None
