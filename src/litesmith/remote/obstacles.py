"""What stands in the way of running models on a machine, each on one line with its remedy."""

from __future__ import annotations

import re
from collections.abc import Iterator

from litesmith.core.preflight import MachineFacts, Obstacle
from litesmith.core.units import format_size
from litesmith.remote.facts import LEAST_PYTHON, MOST_PYTHON

LEAST_GLIBC = (2, 34)
"""The newest symbol version the runtime's library asks for. The tag of its wheel says 2.27, which is not enough."""
LEAST_DISK_BYTES = 250_000_000
"""The runtime and NumPy unpacked, 101 MB, with their wheels beside them, and a model."""
LEAST_MEMORY_BYTES = 150_000_000
HOT_C = 75.0
"""A Raspberry Pi slows down from 80 degrees; a measurement takes a while."""
_MACHINES = ("aarch64", "arm64", "x86_64", "amd64")
_RUNTIME_32 = "tflite-runtime 2.14.0, the last release for 32-bit ARM, with Python 3.11 or older and NumPy 1"
_SYSTEM_64 = "a 64-bit system such as Raspberry Pi OS (64-bit) Bookworm or newer"
_RANGE = f"3.{LEAST_PYTHON[1]} to 3.{MOST_PYTHON[1]}"


def obstacles_of(facts: MachineFacts) -> tuple[Obstacle, ...]:
    """Return what stands in the way, blocking ones first."""
    works = facts.runtime.startswith("ai-edge-litert")
    found = [*_system(facts), *(() if works else _python(facts)), *_room(facts, works=works), *_numbers(facts)]
    return tuple(sorted(found, key=lambda obstacle: not obstacle.blocking))


def _system(facts: MachineFacts) -> Iterator[Obstacle]:
    """Yield what is wrong with architecture and C library; nothing is when the runtime imports."""
    if facts.runtime.startswith("ai-edge-litert"):
        return
    if facts.userland_bits == 32:
        kernel = " on a 64-bit kernel" if facts.machine in _MACHINES else ""
        has = f"{facts.runtime} is there and runs models" if facts.runtime else f"What still works: {_RUNTIME_32}"
        yield Obstacle(
            code="system-32-bit",
            message=f"the system is 32-bit{kernel}, and LiteRT has no package for 32-bit systems",
            remedy=f"Install {_SYSTEM_64}. {has}, in code of your own.",
        )
    elif facts.machine and facts.machine not in _MACHINES:
        yield Obstacle(
            code="architecture",
            message=f"the architecture is {facts.machine}, and LiteRT has packages for aarch64 and x86_64",
            remedy="Use a board with a 64-bit ARM processor, such as a Raspberry Pi 3, 4, 5 or Zero 2 W.",
        )
    if facts.libc.startswith("musl"):
        yield Obstacle(
            code="musl",
            message="the C library is musl, and LiteRT's packages are for glibc",
            remedy="Use a system with glibc, such as Raspberry Pi OS, Debian or Ubuntu, or a container of one.",
        )
    version = tuple(int(part) for part in re.findall(r"\d+", facts.libc)[:2])
    if facts.libc.startswith("glibc") and version < LEAST_GLIBC:
        yield Obstacle(
            code="glibc-too-old",
            message=f"{facts.libc} is older than 2.{LEAST_GLIBC[1]}, which LiteRT needs, although its tag says 2.27",
            remedy="Upgrade to Raspberry Pi OS or Debian 12 (Bookworm), Ubuntu 22.04, or newer.",
        )


def _python(facts: MachineFacts) -> Iterator[Obstacle]:
    """Yield what is wrong with the Python, where it does not import the runtime yet."""
    if not facts.pythons:
        yield Obstacle(
            code="python-missing",
            message="there is no Python",
            remedy="On the board: sudo apt install python3 python3-venv",
        )
        return
    chosen = next(python for python in facts.pythons if python.path == facts.python_path)
    if chosen.release < LEAST_PYTHON:
        yield Obstacle(
            code="python-too-old",
            message=f"Python {chosen.version} is too old: LiteRT has packages for {_RANGE}",
            remedy="Upgrade to Raspberry Pi OS or Debian 12 (Bookworm), Ubuntu 22.04, or newer.",
        )
    elif chosen.release > MOST_PYTHON:
        yield Obstacle(
            code="python-too-new",
            message=f"Python {chosen.version} is too new: LiteRT has packages for {_RANGE}",
            remedy=f"Install Python 3.{MOST_PYTHON[1]} beside it; it is found by its name python3.{MOST_PYTHON[1]}.",
        )
    elif chosen.bits == 32 and facts.userland_bits != 32:
        yield Obstacle(
            code="python-32-bit",
            message=f"{chosen.path} is a 32-bit Python on a 64-bit system",
            remedy="On the board: sudo apt install python3 python3-venv",
        )
    elif not chosen.makes_environments:
        yield Obstacle(
            code="venv-missing",
            message=f"{chosen.path} cannot make virtual environments: venv or ensurepip is missing",
            remedy="Only an installer needs it. On the board: sudo apt install python3-venv",
            blocking=False,
        )
    if chosen.error:
        yield Obstacle(
            code="runtime-does-not-import",
            message=f"a runtime is installed for {chosen.path} and does not import: {chosen.error}",
            remedy=_import_remedy(chosen.numpy, chosen.error),
            blocking=False,
        )


def _import_remedy(numpy: str, error: str) -> str:
    if "GLIBC" in error:
        return "The system is too old for it: Raspberry Pi OS Bookworm or newer is needed."
    if "numpy" in error.lower() and numpy.startswith("2"):
        return f"It was built for NumPy 1, and NumPy {numpy} is there. On the board: pip install 'numpy<2'"
    return "Remove it there, or use another: litesmith device prepare TARGET installs one of its own."


def _room(facts: MachineFacts, *, works: bool) -> Iterator[Obstacle]:
    least = 20_000_000 if works else LEAST_DISK_BYTES
    if facts.disk_free_bytes is not None and facts.disk_free_bytes < least:
        yield Obstacle(
            code="disk-too-small",
            message=f"{format_size(facts.disk_free_bytes)} of disk are free, and {format_size(least)} are needed",
            remedy="Free some, for example with: sudo apt clean",
        )
    if 0 < facts.memory_free_bytes < LEAST_MEMORY_BYTES:
        yield Obstacle(
            code="memory-too-small",
            message=f"{format_size(facts.memory_free_bytes)} of memory are free; "
            f"LiteRT and a small model need {format_size(LEAST_MEMORY_BYTES)}",
            remedy="End programs there, or boot without a desktop.",
        )


def _numbers(facts: MachineFacts) -> Iterator[Obstacle]:
    """Yield what spoils measurements."""
    if facts.governor and facts.governor != "performance":
        yield Obstacle(
            code="governor",
            message=f"the frequency governor is {facts.governor}: the clock follows the load, and times vary with it",
            remedy="On the board: echo performance | sudo tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor",
            blocking=False,
        )
    if facts.temperature_c is not None and facts.temperature_c >= HOT_C:
        yield Obstacle(
            code="hot",
            message=f"the CPU has {facts.temperature_c:.0f} degrees Celsius; boards slow down from about 80",
            remedy="Let it cool down, or give it a fan.",
            blocking=False,
        )
    now = [words.removesuffix(" now") for words in facts.throttling if words.endswith(" now")]
    since = [words.removesuffix(" since boot") for words in facts.throttling if words.endswith(" since boot")]
    if now:
        yield Obstacle(
            code="throttled-now",
            message=f"the firmware holds the clock back now: {', '.join(now)}",
            remedy=_throttled_remedy(now),
            blocking=False,
        )
    elif since:
        yield Obstacle(
            code="throttled-since-boot",
            message=f"the firmware has held the clock back since boot: {', '.join(since)}",
            remedy=_throttled_remedy(since),
            blocking=False,
        )


def _throttled_remedy(words: list[str]) -> str:
    if "under-voltage" in words:
        return "Use the power supply made for the board (5 V, 3 A or more) and a short cable."
    return "Give the board a heat sink or a fan."
