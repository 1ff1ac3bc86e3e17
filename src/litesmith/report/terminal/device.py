"""A device: what it is, what stands in its way, what was done to it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from litesmith.core.device_action import DeviceOutcome
from litesmith.core.phone import THERMAL_WORDS
from litesmith.core.preflight import MachineFacts, Preflight
from litesmith.core.units import format_ranges, format_size
from litesmith.report.terminal.plain import Screen, facts
from litesmith.report.text import clean, count, sentence

_FEATURES = {
    "asimd": "NEON",
    "asimdhp": "half precision",
    "asimddp": "dot product",
    "i8mm": "int8 matrices",
    "sve": "SVE",
    "avx2": "AVX2",
    "avx512f": "AVX-512",
    "avx512_vnni": "AVX-512 VNNI",
    "avx_vnni": "AVX VNNI",
}
"""What makes kernels for models fast, as the kernel calls it and as people do."""


def device_text(made: DeviceOutcome) -> RenderableType:
    """Return what came of an action on a device."""
    parts: list[RenderableType] = []
    if made.preflight is not None:
        parts += _preflight(made.preflight)
    for device in made.devices:
        parts.append(Text.assemble((clean(device.target), "bold"), "  ", clean(device.state)))
        parts += [
            Text(f"  {clean(line)}", overflow="fold") for line in (device.detail, shlex.join(device.login)) if line
        ]
    parts += [Text(sentence(clean(line)), overflow="fold") for line in made.done]
    if not parts:
        parts.append(Text("There is nothing to show."))
    return Screen(parts)


def _preflight(found: Preflight) -> Iterator[RenderableType]:
    pairs = [("target", found.target + (" (emulated: times are no latencies)" if found.emulated else ""))]
    pairs += [(label, value) for label, value in (*_lines(found.facts), *_phone(found)) if value]
    yield facts((label, Text(clean(value), overflow="fold")) for label, value in pairs)
    yield Text("")
    for obstacle in found.obstacles:
        style, word = ("red", "stops") if obstacle.blocking else ("yellow", "notes")
        yield Text.assemble((word, style), "  ", sentence(clean(obstacle.message)), overflow="fold")
        yield Text.assemble("       ", (clean(obstacle.remedy), "dim"), overflow="fold")
    if found.ready:
        yield Text("Models can run there.", style="green")


def _lines(found: MachineFacts) -> Iterator[tuple[str, str]]:
    """Yield what a machine says of itself, by label."""
    bits = f", {found.userland_bits}-bit" if found.userland_bits else ""
    yield "board", found.board
    yield "system", ", ".join(part for part in (found.os, found.machine + bits, found.libc, found.kernel) if part)
    named = [name for feature, name in _FEATURES.items() if feature in found.features]
    yield (
        "CPU",
        ", ".join(part for part in (found.cpu, count(found.cores, "core") if found.cores else "", *named) if part),
    )
    yield "memory", _of(found.memory_free_bytes, found.memory_bytes)
    yield "disk", f"{format_size(found.disk_free_bytes)} free" if found.disk_free_bytes is not None else ""
    yield "clock", _clock(found)
    yield "heat", "" if found.temperature_c is None else f"{found.temperature_c:.0f} degrees Celsius"
    yield "throttling", ", ".join(found.throttling)
    yield "Python", f"{found.python} ({found.python_path})" if found.python else ""


def _phone(found: Preflight) -> Iterator[tuple[str, str]]:
    """Yield the runtime of a board, and of a phone, where the runtime is a part of each app, what it is."""
    if found.phone is None:
        yield "runtime", found.facts.runtime or "none yet; a session brings it, or litesmith device prepare"
        return
    groups = [
        f"{'core' if len(group.cores) == 1 else 'cores'} {format_ranges(group.cores)}"
        + ("" if group.clock_most_mhz is None else f" up to {group.clock_most_mhz:.0f} MHz")
        for group in reversed(found.phone.groups)
    ]
    yield "cores", "; ".join(groups)
    yield "programs", ", ".join(found.phone.abis)
    battery, heat = found.battery, found.heat
    if battery is not None and battery.percent is not None:
        warm = "" if heat is None or heat.battery_c is None else f", {heat.battery_c:.1f} degrees Celsius"
        power = {True: ", on power", False: ", not on power", None: ""}[battery.powered]
        yield "battery", f"{battery.percent} percent{power}{warm}"
    if heat is not None and heat.status is not None:
        yield "thermal", f"status {heat.status} ({THERMAL_WORDS[min(heat.status, len(THERMAL_WORDS) - 1)]})"


def _of(free: int, whole: int) -> str:
    return f"{format_size(free)} of {format_size(whole)} free" if whole else ""


def _clock(found: MachineFacts) -> str:
    parts = []
    if found.clock_mhz is not None:
        most = f" of {found.clock_most_mhz:.0f}" if found.clock_most_mhz is not None else ""
        parts.append(f"{found.clock_mhz:.0f}{most} MHz")
    if found.governor:
        parts.append(f"governor {found.governor}")
    return ", ".join(parts)
