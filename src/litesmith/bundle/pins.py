"""Which packages a bundle installs: pinned by version and sha256, from a table that is part of Litesmith."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from litesmith.core.errors import BundleError, ConfigError
from litesmith.core.files import sha256_file
from litesmith.core.names import unknown

_TABLE = Path(__file__).parent / "pins.tsv"
IMAGE_PACKAGE = "pillow"
"""Installed for models of images only."""
_NARROW = ("armv6l", "armv7l", "armhf", "i686", "i386")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """One wheel.

    Attributes:
        package: Name as the index compares it.
        version: Of the package.
        python: Version it is for, such as `3.11`.
        machine: Architecture it is for.
        wheel: File name.
        sha256: Of the file.
    """

    package: str
    version: str
    python: str
    machine: str
    wheel: str
    sha256: str


@cache
def all_pins() -> tuple[Pin, ...]:
    """Return the whole table."""
    found = []
    for line in _TABLE.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        package, version, python, machine, wheel, digest = line.split("\t")
        found.append(Pin(package=package, version=version, python=python, machine=machine, wheel=wheel, sha256=digest))
    return tuple(found)


def pythons() -> tuple[str, ...]:
    """Return the versions of Python there are wheels for, the oldest first."""
    return tuple(sorted({pin.python for pin in all_pins()}, key=_order))


def _order(python: str) -> int:
    return int(python.partition(".")[2])


def pins_for(python: str, machine: str, *, images: bool) -> tuple[Pin, ...]:
    """Return the wheels for a Python and an architecture.

    Raises:
        UnknownNameError: there are none for that Python.
        ConfigError: there are none for that architecture.
    """
    if python not in pythons():
        raise unknown("Python version", python, pythons())
    found = tuple(pin for pin in all_pins() if pin.python == python and pin.machine == machine and _wanted(pin, images))
    if not found:
        known = ", ".join(sorted({pin.machine for pin in all_pins()}))
        if machine in _NARROW:
            raise ConfigError(
                f"ai-edge-litert has no wheels for {machine}: it needs a 64-bit system",
                hint="Install the 64-bit image of the board's system. What still runs on a 32-bit one is the old "
                "tflite-runtime 2.14 with Python 3.11 or older, which Litesmith does not bundle.",
            )
        raise ConfigError(f"there are no wheels for machine '{machine}'", hint=f"Known: {known}.")
    return found


def image_requirement(python: str) -> str:
    """Return the pinned requirement of what decodes images; the newest Python's where the table has none for this one.

    >>> image_requirement("3.14") == image_requirement("3.13")
    True
    """
    pins = [pin for pin in all_pins() if pin.package == IMAGE_PACKAGE]
    found = next((pin for pin in pins if pin.python == python), max(pins, key=lambda pin: _order(pin.python)))
    return f"{found.package}=={found.version}"


def _wanted(pin: Pin, images: bool) -> bool:
    return images or pin.package != IMAGE_PACKAGE


def requirements_text(*, images: bool) -> str:
    """Return a requirements.txt for every Python and architecture there are wheels for, each with its sha256."""
    by_version: dict[tuple[str, str], list[Pin]] = defaultdict(list)
    for pin in all_pins():
        if _wanted(pin, images):
            by_version[pin.package, pin.version].append(pin)
    lines = [
        "# Made by litesmith bundle: wheels for Python "
        f"{pythons()[0]} to {pythons()[-1]} on {' and '.join(sorted({p.machine for p in all_pins()}))}.",
        "# pip install --require-hashes --only-binary=:all: -r requirements.txt",
    ]
    for (package, version), pins in sorted(by_version.items()):
        served = sorted({pin.python for pin in pins}, key=_order)
        marker = ""
        if len(served) < len(pythons()):
            marker = "; " + " or ".join(f'python_version == "{python}"' for python in served)
        digests = sorted({pin.sha256 for pin in pins})
        lines.append(" \\\n".join([f"{package}=={version}{marker}", *(f"    --hash=sha256:{d}" for d in digests)]))
    return "\n".join(lines) + "\n"


def require_pinned(wheels: Iterable[Path], pins: Iterable[Pin]) -> None:
    """Check that gathered wheels are those of the table, byte for byte.

    Raises:
        BundleError: one is another file than the one that was pinned, or is missing.
    """
    pins = tuple(pins)
    by_digest = {sha256_file(wheel): wheel for wheel in wheels}
    pinned = {pin.sha256: pin for pin in pins}
    strange = next((wheel for digest, wheel in by_digest.items() if digest not in pinned), None)
    if strange is not None:
        raise BundleError(
            f"{strange.name} is not the file that was pinned: its sha256 is another",
            hint="Remove it from the cache of wheels and bundle again; if that does not help, do not trust its source.",
        )
    missing = next((pin for digest, pin in pinned.items() if digest not in by_digest), None)
    if missing is not None:
        raise BundleError(f"{missing.wheel} was not gathered", hint="Bundle again, or leave out --wheelhouse.")
