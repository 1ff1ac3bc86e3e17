"""Packages for another machine, gathered here: pinned wheels for its Python, architecture and glibc."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

from litesmith.core.environment import version_of
from litesmith.core.errors import UserError
from litesmith.core.files import output_error
from litesmith.core.progress import Progress, silent

RUNTIME_VERSION = "2.3.0"
"""Of the runtime, where none is installed here."""
OLDEST_GLIBC = (2, 34)
"""What the runtime's library needs. Wheels for it and older ones are taken."""

_TIMEOUT_S = 900
_PINNED = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)==([A-Za-z0-9][A-Za-z0-9.!+_-]*)\Z")
_PYTHON = re.compile(r"3\.\d{1,2}\Z")
_MACHINES = {"aarch64": "aarch64", "arm64": "aarch64", "x86_64": "x86_64", "amd64": "x86_64"}
_NO_NETWORK = re.compile(
    r"Failed to establish a new connection|name resolution|NewConnectionError|ConnectTimeout|ReadTimeout|"
    r"Network is unreachable|Max retries exceeded|ProxyError|SSLError|Connection (refused|reset|aborted)|timed out",
    re.IGNORECASE,
)


def wheel_cache() -> Path:
    """Return the folder that gathered wheels are kept in."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "litesmith" / "wheels"


def runtime_requirements(python: str) -> tuple[str, ...]:
    """Return what running a model imports: the runtime in the version installed here, and NumPy. Each is pinned.

    The runtime's package names more, which its interpreter never imports: see `declared_requirements`.
    """
    numpy = "2.2.6" if _minor(python) < 11 else "2.4.6"
    return (f"ai-edge-litert=={version_of('ai-edge-litert') or RUNTIME_VERSION}", f"numpy=={numpy}")


def declared_requirements(python: str) -> tuple[str, ...]:
    """Return what an installation of the runtime by pip needs: `runtime_requirements` and all its package names."""
    strenum = "1.3.1" if _minor(python) < 11 else "1.2.8"
    return (
        *runtime_requirements(python),
        f"backports.strenum=={strenum}",
        "flatbuffers==25.12.19",
        "ml_dtypes==0.6.0",
        "protobuf==7.36.2",
        "tqdm==4.70.1",
        "typing_extensions==4.16.0",
    )


def gather_wheels(
    requirements: Sequence[str],
    *,
    python: str,
    machine: str,
    folder: Path | None = None,
    glibc: tuple[int, int] = OLDEST_GLIBC,
    progress: Progress = silent,
) -> tuple[Path, ...]:
    """Return a wheel for each requirement, fetched by pip or kept from an earlier call.

    Exactly what is named is gathered, without what it depends on. What was fetched before a failure is kept.

    Args:
        requirements: Pinned, such as `numpy==2.4.6`.
        python: Version of the Python that is to install them, such as `3.11`.
        machine: Architecture, such as `aarch64`.
        folder: Where wheels are copied to; without it they stay in `wheel_cache()`, and the paths lead there.
        glibc: Version of the C library there.
        progress: Receives the number of wheels that are there.

    Raises:
        UserError: there is no such wheel, no network, or no pip here, or the disk is full.
    """
    pins = [_pin(requirement) for requirement in requirements]
    platform = _MACHINES.get(machine.lower())
    if platform is None:
        raise UserError(f"there are no packages for architecture '{machine}'", hint="Use aarch64 or x86_64.")
    minor = _minor(python)
    kept = wheel_cache() / f"{platform}-cp3{minor}-glibc{glibc[0]}.{glibc[1]}"
    wheels = []
    try:
        kept.mkdir(parents=True, exist_ok=True)
        for done, (name, version) in enumerate(pins):
            progress("fetch packages", done, len(pins))
            wheel = _kept(kept, name, version)
            if wheel is None:
                wheel = _fetched(kept, f"{name}=={version}", minor, platform, glibc)
            wheels.append(wheel)
        progress("fetch packages", len(pins), len(pins))
        if folder is None:
            return tuple(wheels)
        folder.mkdir(parents=True, exist_ok=True)
        return tuple(Path(shutil.copyfile(wheel, folder / wheel.name)) for wheel in wheels)
    except OSError as error:
        raise output_error(error, folder or kept) from error


def _pin(requirement: str) -> tuple[str, str]:
    match = _PINNED.match(requirement)
    if match is None:
        raise UserError(f"requirement '{requirement}' is not pinned", hint="Write it like numpy==2.4.6.")
    return match[1], match[2]


def _minor(python: str) -> int:
    """Return the 11 of `3.11`."""
    if not _PYTHON.match(python):
        raise UserError(f"'{python}' is no version of Python", hint="Write it like 3.11.")
    return int(python.partition(".")[2])


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "_", name).lower()


def _kept(folder: Path, name: str, version: str) -> Path | None:
    """Return a whole wheel of this name and version; a damaged one is removed."""
    for wheel in sorted(folder.glob("*.whl")):
        parts = wheel.name.split("-")
        if _canonical(parts[0]) != _canonical(name) or parts[1] != version:
            continue
        try:
            with zipfile.ZipFile(wheel) as file:
                if file.testzip() is None:
                    return wheel
        except zipfile.BadZipFile:
            pass
        wheel.unlink(missing_ok=True)
    return None


def _fetched(kept: Path, requirement: str, minor: int, platform: str, glibc: tuple[int, int]) -> Path:
    """Return a wheel after pip has fetched it. It appears under its name when it is whole."""
    platforms = [f"manylinux_2_{number}_{platform}" for number in range(glibc[1], 4, -1)]
    with tempfile.TemporaryDirectory(dir=kept, prefix=".fetching-") as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--disable-pip-version-check"]
        command += ["--no-deps", "--only-binary=:all:", "--retries=2", f"--dest={folder}"]
        command += [f"--python-version=3.{minor}", "--implementation=cp"]
        command += [f"--abi={abi}" for abi in (f"cp3{minor}", "abi3", "none")]
        command += [f"--platform={name}" for name in (*platforms, f"manylinux2014_{platform}", "any")]
        try:
            done = subprocess.run(
                [*command, "--", requirement],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                timeout=_TIMEOUT_S,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise UserError(
                f"{requirement} was not fetched within {_TIMEOUT_S} s", hint="What is whole is kept; try again."
            ) from error
        found = list(Path(folder).glob("*.whl"))
        if done.returncode != 0 or len(found) != 1:
            raise _pip_error(requirement, done.stderr + done.stdout, f"Python 3.{minor} on {platform}")
        return found[0].replace(kept / found[0].name)


def _pip_error(requirement: str, said: str, place: str) -> UserError:
    """Map what pip said to one message."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    last = next((line for line in reversed(lines) if line.startswith("ERROR")), lines[-1] if lines else "nothing")
    if "No module named pip" in said:
        return UserError("packages cannot be fetched: this Python has no pip", hint="Type: python -m ensurepip")
    if "No space left" in said:
        return UserError(f"{requirement} cannot be fetched: the disk is full", hint="Free some space.")
    if _NO_NETWORK.search(said):
        return UserError(
            f"{requirement} cannot be fetched: the package index was not reached",
            hint=f"Connect this machine to the network, or put the wheel for {place} into a folder "
            "and name that in PIP_FIND_LINKS.",
        )
    if "No matching distribution" in said:
        return UserError(
            f"there is no wheel of {requirement} for {place}", hint="Use another Python there, or another version."
        )
    return UserError(f"{requirement} cannot be fetched: {last[:300]}", hint="Type the command again, or see pip.")
