"""Facts about this machine and its packages, without importing any of them."""

from __future__ import annotations

import datetime
import os
import platform
from importlib import metadata
from pathlib import Path

from litesmith.core.deployment import Environment
from litesmith.core.isolated import usable_cores

PACKAGES = ("litesmith", "ai-edge-litert", "litert-quantizer", "numpy", "pillow", "tensorflow", "keras", "tf-keras")
_ALIASES = {"tensorflow": ("tensorflow", "tensorflow-cpu", "tensorflow-macos", "tf-nightly")}


def version_of(package: str) -> str | None:
    """Return the installed version of a package, or None."""
    for name in _ALIASES.get(package, (package,)):
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return None


def versions() -> dict[str, str]:
    """Return the versions of Python and of every package a result depends on, if installed."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        version = version_of(package)
        if version is not None:
            found[package] = version
    return found


def cpu_model() -> str:
    """Return the CPU's model name, or its architecture where the system does not tell."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.lower().startswith(("model name", "hardware")):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def governor() -> str:
    """Return the frequency governor of the first core, or `unknown`."""
    try:
        return Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor").read_text(encoding="utf-8").strip()
    except OSError:
        return "unknown"


def memory_bytes() -> int:
    """Return installed memory, or 0 where the system does not tell."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return 0


def operating_system() -> str:
    """Return the system and its release."""
    return f"{platform.system()} {platform.release()}"


def environment(*, seed: int) -> Environment:
    """Return what this run's numbers are made with."""
    return Environment(
        versions=versions(),
        machine=platform.machine(),
        cpu=cpu_model(),
        cores=usable_cores(),
        memory_bytes=memory_bytes(),
        os=operating_system(),
        governor=governor(),
        created=datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        seed=seed,
    )
