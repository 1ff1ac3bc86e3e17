"""Sessions on the virtual phones, and what is left of them there."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path

from virtual_phone import Phone, Room

from litesmith.core.connecting import connect
from litesmith.phone.session import PhoneSession

GOOD_PHONE = Phone(name="good", port=16555)
BAD_PHONE = Phone(
    name="bad",
    port=16556,
    properties={
        "ro.product.cpu.abi": "x86",
        "ro.product.cpu.abilist": "x86",
        "ro.build.version.sdk": "21",
        "ro.build.version.release": "5.0",
        "ro.soc.model": "",
    },
    storage_bytes=6_000_000,
    level=12,
    tenths=412,
    status=3,
    low_power=1,
)
GOOD, BAD = f"adb:{GOOD_PHONE.serial}", f"adb:{BAD_PHONE.serial}"
DEADLINE_S = 15.0


def opened(target: str) -> PhoneSession:
    session = connect(target)
    assert isinstance(session, PhoneSession)
    return session


def on_phone(phones: Room, command: str) -> str:
    return phones.adb("-s", GOOD_PHONE.serial, "shell", command)


def eventually(check: Callable[[], bool]) -> None:
    limit = time.monotonic() + DEADLINE_S
    while not check():
        assert time.monotonic() < limit, "it did not come true"
        time.sleep(0.05)


def left(phones: Room) -> list[str]:
    """Return folders and processes of sessions on the good phone."""
    found = on_phone(phones, "ls -d /data/local/tmp/litesmith* 2>/dev/null; grep -ls LITESMITH_ /proc/*/environ")
    return [line for line in found.splitlines() if line.startswith(("/data", "/proc"))]


def servers_outside(phones: Room) -> list[str]:
    """Return the servers of adb in the network of the phones that would outlive them."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and os.readlink(entry / "ns/net") == phones.network:
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                if "fork-server" in command:
                    found.append(command)
    return found


def lines_of(session: PhoneSession, *command: str, request: str = "") -> tuple[int, list[str], list[str]]:
    out: list[str] = []
    errors: list[str] = []
    code = session.run(command, request=request, on_line=out.append, on_error=errors.append, timeout_s=30)
    return code, out, errors
