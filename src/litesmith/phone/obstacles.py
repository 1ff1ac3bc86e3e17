"""What stands in the way of running models on a phone, each on one line with its remedy."""

from __future__ import annotations

from collections.abc import Iterator

from litesmith.core.phone import THERMAL_WORDS, Battery, PhoneFacts, PhoneHeat
from litesmith.core.preflight import MachineFacts, Obstacle
from litesmith.core.units import format_size
from litesmith.phone.facts import android_of

ABIS = ("arm64-v8a", "armeabi-v7a", "x86_64")
"""The kinds of programs that LiteRT is built for; armeabi-v7a since 2.1.6."""
LEAST_SDK = 24
"""Of LiteRT 2.3, by `litert/kotlin/src/main/AndroidManifest.xml` of its sources, 2026; 2.1 had 23, and 1.x had 21."""
LEAST_DISK_BYTES = 50_000_000
LEAST_MEMORY_BYTES = 150_000_000
LEAST_BATTERY_PERCENT = 20
HOT_BATTERY_C = 40.0
HOT_STATUS = 1


def obstacles_of(
    facts: MachineFacts, phone: PhoneFacts, battery: Battery, heat: PhoneHeat, *, saving: bool
) -> tuple[Obstacle, ...]:
    """Return what stands in the way, blocking ones first."""
    found = [*_system(phone), *_room(facts), *_numbers(battery, heat, saving=saving)]
    return tuple(sorted(found, key=lambda obstacle: not obstacle.blocking))


def _system(phone: PhoneFacts) -> Iterator[Obstacle]:
    if phone.abis and not set(phone.abis) & set(ABIS):
        yield Obstacle(
            code="abi",
            message=f"it runs programs for {', '.join(phone.abis)}, and LiteRT is built for {', '.join(ABIS)}",
            remedy="Use a phone with an ARM processor, or an emulator with an image for x86_64 or arm64-v8a.",
        )
    if phone.sdk and phone.sdk < LEAST_SDK:
        yield Obstacle(
            code="android-too-old",
            message=f"it has {android_of(phone)}, and LiteRT needs SDK {LEAST_SDK} (Android 7)",
            remedy="Update it, or use a newer phone.",
        )
    if phone.abis and "arm64-v8a" not in phone.abis and "armeabi-v7a" in phone.abis:
        yield Obstacle(
            code="system-32-bit",
            message="the system is 32-bit: kernels that need 64-bit ARM are left out, and times are those of 32-bit",
            remedy="A benchmark binary for it must be built for armeabi-v7a.",
            blocking=False,
        )


def _room(facts: MachineFacts) -> Iterator[Obstacle]:
    if facts.disk_free_bytes is not None and facts.disk_free_bytes < LEAST_DISK_BYTES:
        yield Obstacle(
            code="disk-too-small",
            message=f"{format_size(facts.disk_free_bytes)} are free in /data/local/tmp, "
            f"and {format_size(LEAST_DISK_BYTES)} are needed",
            remedy="Free some space on the phone: Settings, Storage.",
        )
    if 0 < facts.memory_free_bytes < LEAST_MEMORY_BYTES:
        yield Obstacle(
            code="memory-too-small",
            message=f"{format_size(facts.memory_free_bytes)} of memory are free; "
            f"LiteRT and a small model need {format_size(LEAST_MEMORY_BYTES)}",
            remedy="Close apps there, or restart it.",
        )


def _numbers(battery: Battery, heat: PhoneHeat, *, saving: bool) -> Iterator[Obstacle]:
    """Yield what spoils measurements."""
    status = heat.status or 0
    if status >= HOT_STATUS:
        yield Obstacle(
            code="hot",
            message=f"Android's thermal status is {status} ({THERMAL_WORDS[min(status, len(THERMAL_WORDS) - 1)]}): "
            "the phone slows itself down",
            remedy="Let it cool down: screen off, out of its case, away from sun and fast chargers.",
            blocking=False,
        )
    elif heat.battery_c is not None and heat.battery_c >= HOT_BATTERY_C:
        yield Obstacle(
            code="hot",
            message=f"the battery has {heat.battery_c:.0f} degrees Celsius; phones slow down when it is warm",
            remedy="Let it cool down: screen off, out of its case, away from sun and fast chargers.",
            blocking=False,
        )
    if battery.percent is not None and battery.percent < LEAST_BATTERY_PERCENT:
        power = "charging" if battery.powered else "not charging"
        yield Obstacle(
            code="battery-low",
            message=f"the battery is at {battery.percent} percent, {power}; below {LEAST_BATTERY_PERCENT} phones "
            "save power",
            remedy="Charge it first.",
            blocking=False,
        )
    if saving:
        yield Obstacle(
            code="battery-saver",
            message="the battery saver is on, which lowers the clock",
            remedy="Switch it off: Settings, Battery. Or: adb shell settings put global low_power 0",
            blocking=False,
        )
