"""Finds processes by a mark in their environment, which workers inherit, or by what is on their command line."""

from __future__ import annotations

import os
import time
from pathlib import Path

MARK = "LITESMITH_TEST_RUN"


def alive(mark: str) -> list[str]:
    """Return the command lines of the processes whose environment has MARK=mark; the dead and unburied do not count."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and f"{MARK}={mark}\0".encode() in (folder / "environ").read_bytes():
                found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue  # it has just ended
    return [command for command in found if command]


def wait_until_none_is_left(mark: str, *, timeout_s: float = 10.0) -> None:
    """Wait until no process carries a mark.

    Raises:
        AssertionError: one still does after `timeout_s`.
    """
    begun = time.perf_counter()
    while left := alive(mark):
        assert time.perf_counter() - begun < timeout_s, left
        time.sleep(0.05)


def naming(folder: Path) -> list[str]:
    """Return the command lines of other processes that name a folder."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and int(entry.name) != os.getpid():
                found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
        except OSError:
            continue  # it has just ended
    return [command for command in found if str(folder) in command]
