"""Copying files and folders to a phone; what arrived is read back there and compared."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import select
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from litesmith.core.elsewhere import Answer
from litesmith.core.errors import TargetError
from litesmith.core.files import sha256_file
from litesmith.core.packing import FOLDER, one_file
from litesmith.core.progress import Progress, silent
from litesmith.core.units import format_size
from litesmith.phone.client import text_of
from litesmith.phone.connection import BASE, Connection
from litesmith.phone.faults import fault_of, is_gone, without_server_lines

STALL_S = 60.0
_SLOWEST_BYTES_PER_S = 1_000_000
"""At which a phone reads and unpacks what it was sent, for the limit of time on that."""
_WORTH_TELLING_BYTES = 1_000_000
_PERCENT = re.compile(rb"\[ *(\d{1,3})%\]")
_LOOK = """
[ -e "$1" ] && echo there
df -k "$2" 2>/dev/null | tail -n 1
"""
_TAKE = """
parcel=$1 folder=$2 name=$3 kind=$4 digest=$5 weak=$6
said=$(sha256sum "$parcel" 2>/dev/null) || {
    said=$(md5sum "$parcel") || exit 77
    digest=$weak
}
[ "${said%% *}" = "$digest" ] || exit 76
rm -rf "$folder"
mkdir "$folder" || exit 74
if [ "$kind" = folder ]; then
    mkdir "$folder/$name" || exit 74
    tar -x -f "$parcel" -C "$folder/$name" || { rm -rf "$folder"; exit 74; }
    rm -f "$parcel"
else
    mv "$parcel" "$folder/$name" || exit 74
fi
"""
"""Android 7 and older has no sha256sum, but md5sum."""
_DIFFERS, _NO_SUM = 76, 77


def send(connection: Connection, item: Path, *, progress: Progress = silent) -> str:
    """Return the path a file or folder has there, after sending what is not there yet.

    It lies in the connection's folder, in one named by its content, and keeps its name and whether it is a program.

    Raises:
        SourceError: it is missing, cannot be read, or is neither file nor folder.
        Gone: the phone went away.
        TargetError: the storage there is full, or a limit of time.
    """
    item = item.absolute()
    with one_file(item) as (path, kind):
        size, digest = path.stat().st_size, sha256_file(path)
        folder = f"{connection.folder}/{digest[:16]}"
        there = f"{folder}/{item.name}"
        look = connection.ask(["sh", "-c", _LOOK, "sh", there, connection.folder])
        if look.out.startswith("there\n"):
            return there
        free = free_of(look.out)
        needed = size * (2 if kind == FOLDER else 1)
        if free is not None and needed > free:
            raise _no_room(connection, item.name, needed, free)
        for last in (False, True):
            parcel = f"{connection.folder}/parcel-{secrets.token_hex(8)}"
            push(connection, path, parcel, name=item.name, progress=progress)
            take = ["sh", "-c", _TAKE, "sh", parcel, folder, item.name, kind, digest, _md5(path)]
            taken = connection.ask(take, timeout_s=STALL_S + needed / _SLOWEST_BYTES_PER_S)
            if taken.code == 0:
                return there
            connection.ask(["rm", "-rf", parcel, folder])
            if taken.code != _DIFFERS or last:
                raise _refused(connection, item.name, needed, taken)
    raise AssertionError


def push(connection: Connection, file: Path, place: str, *, name: str, progress: Progress = silent) -> None:
    """Write a file there, in a folder that exists; `name` is what messages call it.

    Raises:
        Gone: the phone went away.
        TargetError: it cannot be written, or nothing more arrived for a while.
    """
    size = file.stat().st_size

    def tell(percent: int) -> None:
        if size >= _WORTH_TELLING_BYTES:
            progress(f"send {name} (kB)", size * percent // 100_000, size // 1000)

    with tempfile.TemporaryFile() as errors:
        ours, theirs = os.openpty()  # adb tells how far it is to terminals only
        try:
            process = connection.adb.start(
                ["push", str(file), place], stdin=subprocess.DEVNULL, stdout=theirs, stderr=errors
            )
        finally:
            os.close(theirs)
        try:
            printed = _followed(ours, tell)
            if printed is not None:
                process.wait(timeout=STALL_S)
        except subprocess.TimeoutExpired:
            printed = None
        finally:
            os.close(ours)
            if process.poll() is None:
                process.kill()
            process.wait()
        if printed is None:
            raise TargetError(
                f"{connection.label} took no more of {name} for {STALL_S:g} s",
                hint="Unlock the phone, pull the cable out and in, and type the command again.",
            )
        said = without_server_lines(text_of(errors))
    if process.returncode != 0:
        with contextlib.suppress(TargetError):
            connection.ask(["rm", "-f", place])
        raise _push_error(connection, name, size, f"{printed}\n{said}")
    tell(100)


def _followed(terminal: int, tell: Callable[[int], None]) -> str | None:
    """Return what adb printed to a terminal until it ended, after telling of progress; None when it stalled."""
    printed, moved, shown = b"", time.monotonic(), -1
    while True:
        left = moved + STALL_S - time.monotonic()
        if left <= 0:
            return None
        if not select.select([terminal], [], [], left)[0]:
            continue
        try:
            piece = os.read(terminal, 1 << 16)
        except OSError:  # nobody has the other end any more
            piece = b""
        if not piece:
            return printed.decode("utf-8", "replace").replace("\r", "\n")
        moved = time.monotonic()
        printed = (printed + piece)[-8000:]
        percents = _PERCENT.findall(piece)
        if percents and int(percents[-1]) != shown:
            shown = int(percents[-1])
            tell(min(shown, 100))


def free_of(line: str) -> int | None:
    """Return the free bytes of a line of `df -k`; None where there is none.

    >>> free_of("/dev/block/dm-5 112345678 4567 89101 49% /data/user/0")
    91239424
    """
    found = re.search(r"\s(\d+)\s+\d+%\s", line)
    return int(found[1]) * 1024 if found else None


def _md5(path: Path) -> str:
    """Return the sum that stands in where a phone has no sha256sum; it is held against accidents only."""
    with path.open("rb") as file:
        digest = hashlib.md5(usedforsecurity=False)
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def _push_error(connection: Connection, name: str, size: int, said: str) -> TargetError:
    failed = "\n".join(line for line in said.splitlines() if "error" in line or "failed" in line) or said
    if "No space left" in failed:
        return _no_room(connection, name, size, None)
    if is_gone(failed, connection.adb.serial) or not connection.alive:
        return connection.lost(f"while {name} was sent", failed)
    return fault_of(failed, connection.adb.serial)


def _refused(connection: Connection, name: str, needed: int, taken: Answer) -> TargetError:
    """Return the error of what arrived and was not taken."""
    label = connection.label
    if taken.code == _DIFFERS:
        return TargetError(
            f"{name} arrived on {label} with another content, twice",
            hint="Is it being written here? Else take another cable or another port.",
        )
    if taken.code == _NO_SUM:
        return TargetError(f"{label} has neither sha256sum nor md5sum", hint="Use Android 6 or newer.")
    said = f"{taken.error}\n{taken.out}"
    if "No space left" in said:
        return _no_room(connection, name, needed, None)
    last = (said.strip().splitlines() or [f"code {taken.code}"])[-1]
    return TargetError(f"{name} could not be unpacked on {label}: {last[:200]}", hint="See: litesmith device check")


def _no_room(connection: Connection, name: str, needed: int, free: int | None) -> TargetError:
    room = f", {format_size(free)} were free" if free is not None else ""
    return TargetError(
        f"the storage of {connection.label} is full: {name} needs {format_size(needed)}{room} in {BASE}; "
        "what was sent of it was removed",
        hint="Free some space on the phone: Settings, Storage.",
    )
