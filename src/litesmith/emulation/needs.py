"""What a machine needs so that a virtual board can be made and run on it."""

from __future__ import annotations

import os
import platform
import re
import shutil
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

from litesmith.core.errors import TargetError
from litesmith.emulation.namespace import USERS, sub_range

LEAST_KERNEL = (6, 7)
"""The first Linux whose registry of program formats (binfmt_misc) is one per user namespace."""
LEAST_QEMU = 8
"""qemu 7.2, that of Debian 12 itself, ends with a segmentation fault in LiteRT."""
PACKAGES = {"mmdebstrap": "mmdebstrap", "apt-get": "apt", "ssh": "openssh-client", "ssh-keygen": "openssh-client"}
_QEMU_NAMES = ("qemu-aarch64", "qemu-aarch64-static")
_INSTALL_QEMU = (
    f"Install qemu-user, version {LEAST_QEMU} or newer. On Debian 12 it is in bookworm-backports: "
    "apt-get install -t bookworm-backports qemu-user"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Qemu:
    """An emulator of ARM64 programs.

    Attributes:
        path: Of the program.
        version: Such as `10.0.2`.
    """

    path: Path
    version: str


def require_host() -> None:
    """Check that this machine can run virtual boards at all.

    Raises:
        TargetError: the system, the architecture, the kernel or the rights of this user are not enough.
    """
    system, machine = platform.system(), platform.machine()
    if system != "Linux" or machine not in ("x86_64", "amd64"):
        raise TargetError(
            f"a virtual Pi runs on Linux on x86-64; this is {system} on {machine}",
            hint="Use a board itself, with --target USER@HOST, or a Linux machine.",
        )
    require_kernel(platform.release())
    require_rights()


def require_kernel(release: str) -> None:
    """Check the kernel.

    Raises:
        TargetError: it is too old.
    """
    found = re.match(r"(\d+)\.(\d+)", release)
    if found is None or (int(found[1]), int(found[2])) < LEAST_KERNEL:
        least = ".".join(map(str, LEAST_KERNEL))
        raise TargetError(
            f"a virtual Pi needs Linux {least} or newer; this is {release}",
            hint=f"Older kernels can run ARM64 programs for the whole machine only. Start a kernel from {least} on; "
            "Debian 12 has one in bookworm-backports: apt-get install -t bookworm-backports linux-image-amd64",
        )


def require_rights() -> None:
    """Check that this user may make a namespace with many users in it.

    Raises:
        TargetError: the user is not root, and `newuidmap` or its range of ids is missing.
    """
    if os.geteuid() == 0:
        return
    user = os.environ.get("USER") or str(os.getuid())
    if shutil.which("newuidmap") is None or shutil.which("newgidmap") is None:
        raise TargetError(
            "a virtual Pi has several users, which a user other than root can only have through newuidmap; "
            "it is not installed",
            hint="Type: sudo apt-get install uidmap   (or run litesmith as root)",
        )
    for file in (Path("/etc/subuid"), Path("/etc/subgid")):
        if sub_range(file)[1] < USERS - 1:
            raise TargetError(
                f"{file} gives user {user} no range of {USERS - 1} ids, which the users of a virtual Pi need",
                hint=f"Type: sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {user}",
            )


def require_tools() -> None:
    """Check that the programs are installed that make a root and reach it.

    Raises:
        TargetError: some are missing; the hint installs all of them.
    """
    missing = [name for name in PACKAGES if shutil.which(name) is None]
    if missing:
        packages = sorted({PACKAGES[name] for name in missing})
        raise TargetError(
            f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not installed, which a virtual Pi needs",
            hint=f"Type: apt-get install {' '.join(packages)}   (Debian and its relatives; a virtual Pi needs apt)",
        )


def require_disk(folder: Path, needed_bytes: int) -> None:
    """Check that there is space before anything is made.

    Raises:
        TargetError: there is too little.
    """
    existing = next(f for f in (folder, *folder.parents) if f.exists())
    free = shutil.disk_usage(existing).free
    if free < needed_bytes:
        raise TargetError(
            f"{folder} has {free / 1e6:.0f} MB free; a virtual Pi needs {needed_bytes / 1e6:.0f} MB",
            hint="Free some space, or choose another disk by setting LITESMITH_HOME to a folder on it.",
        )


def find_qemu() -> Qemu:
    """Return the emulator.

    Raises:
        TargetError: none is installed, or none that will do.
    """
    refused: list[str] = []
    for name in _QEMU_NAMES:
        path = shutil.which(name)
        if path is None:
            continue
        version = qemu_version(Path(path))
        if int(version.partition(".")[0] or 0) < LEAST_QEMU:
            refused.append(f"{path} is version {version or 'unknown'}, which ends with a segmentation fault in LiteRT")
        elif not is_static(Path(path)):
            refused.append(f"{path} needs shared libraries, which it would look for inside the board's root")
        else:
            return Qemu(path=Path(path), version=version)
    raise TargetError(
        "; ".join(refused) or f"{_QEMU_NAMES[0]} is not installed, which a virtual Pi needs", hint=_INSTALL_QEMU
    )


def qemu_version(program: Path) -> str:
    """Return the version a qemu says of itself; empty when it says none."""
    try:
        done = subprocess.run(
            [str(program), "--version"], capture_output=True, text=True, timeout=30, check=False, errors="replace"
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    found = re.search(r"version (\d+(?:\.\d+)*)", done.stdout)
    return found[1] if found else ""


def is_static(program: Path) -> bool:
    """Return whether a 64-bit ELF program asks for no loader (has no segment of type PT_INTERP)."""
    data = program.read_bytes()[:4096]
    if data[:5] != b"\x7fELF\x02":
        return False
    offset, size, count = (struct.unpack_from("<Q", data, 32)[0], *struct.unpack_from("<HH", data, 54))
    return all(
        struct.unpack_from("<I", data, offset + size * i)[0] != 3
        for i in range(count)
        if offset + size * i + 4 <= len(data)
    )
