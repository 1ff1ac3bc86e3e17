"""Making, listing and removing boards."""

from __future__ import annotations

import os
import time
from pathlib import Path

from litesmith.core.device_action import KnownDevice
from litesmith.core.errors import UserError
from litesmith.core.progress import Progress, silent
from litesmith.core.units import format_size
from litesmith.emulation import needs, spaces
from litesmith.emulation.base_root import base_folder, base_key, discard, ensured_base
from litesmith.emulation.boards import BOARDS, Board
from litesmith.emulation.fake_sys import write_sys
from litesmith.emulation.power import require_made, stop_locked
from litesmith.emulation.ssh_files import login, write_server
from litesmith.emulation.store import Made, Place, locked, write_made

_BASE_BYTES = 400_000_000
_BOARD_BYTES = 200_000_000
_OWNER = "1000:1000"


def create(board: Board, *, progress: Progress = silent) -> KnownDevice:
    """Make a board. It is there whole, or not at all.

    Raises:
        UserError: it exists.
        TargetError: this machine cannot make it: system, rights, missing programs, no space, no packages.
    """
    needs.require_host()
    needs.require_tools()
    qemu = needs.find_qemu()
    place = Place(board)
    began = time.monotonic()
    with place.changing():
        if place.made() is not None:
            raise UserError(
                f"{board.name} exists already, in {place.folder}",
                hint=f"Type: litesmith device start {board.name}   (or first: litesmith device remove {board.name})",
            )
        half = place.store / f".making-{board.number}"
        discard(half)
        discard(place.folder)  # without a record it was never whole
        needs.require_disk(place.store, _BOARD_BYTES + (0 if base_folder().is_dir() else _BASE_BYTES))
        try:
            with ensured_base(progress) as base:
                half.mkdir()
                _copy(base, half, board, progress)
            made = Made(
                base=base_key(), qemu=qemu.version, seconds=round(time.monotonic() - began, 1), size_bytes=size_of(half)
            )
            write_made(half, made)
            half.rename(place.folder)
        finally:
            discard(half)
    return look(board)


def _copy(base: Path, half: Path, board: Board, progress: Progress) -> None:
    stage = f"Files of {board.name}"
    progress(stage, 0, 2)
    copying = ["cp", "-a", "--reflink=auto", "--", str(base), str(half / "root")]
    spaces.run(spaces.outside(copying), f"copying the root of {board.name}", timeout_s=600)
    progress(stage, 1, 2)
    write_sys(half / "root", board)
    write_server(half, board)
    owning = ["chown", "-R", _OWNER, str(half / "root/home/pi")]
    spaces.run(spaces.outside(owning), f"giving {board.name} its user", timeout_s=60)
    progress(stage, 2, 2)


def remove(board: Board) -> KnownDevice:
    """Stop a board and remove its files; with the last board, also what boards are copied from.

    Raises:
        UserError: it was not created.
        TargetError: it does not end, or its files cannot be removed.
    """
    place = Place(board)
    with place.changing():
        if not place.folder.is_dir():
            require_made(place)
        stop_locked(place)
        gone = place.store / f".making-{board.number}"
        discard(gone)
        place.folder.rename(gone)
        discard(gone)
        with locked(place.store / ".base.lock"):
            if not any((place.store / number).exists() for number in BOARDS):
                for base in place.store.glob("*base-*"):
                    discard(base)
    return look(board)


def look(board: Board) -> KnownDevice:
    """Return a board's state.

    Raises:
        TargetError: the record of it is damaged.
    """
    place = Place(board)
    made = place.made()
    if made is None:
        return KnownDevice(target=board.name, state="absent", detail=f"litesmith device create {board.name} makes it")
    running = place.running()
    size = size_of(place.folder)
    known = f"{board.model}, {board.cpu} by qemu {made.qemu}, {format_size(size)}"
    if running is None:
        return KnownDevice(target=board.name, state="stopped", detail=known, folder=str(place.folder), size_bytes=size)
    return KnownDevice(
        target=board.name,
        state="running",
        detail=f"{known}, process {running.pid}, port {running.port}",
        folder=str(place.folder),
        size_bytes=size,
        pid=running.pid,
        port=running.port,
        login=login(place),
    )


def look_at_all() -> tuple[KnownDevice, ...]:
    """Return the state of every board there could be.

    Raises:
        TargetError: the record of one is damaged.
    """
    return tuple(look(board) for board in BOARDS.values())


def size_of(folder: Path) -> int:
    """Return the bytes of the files below a folder, links not followed; what cannot be read counts as nothing."""
    total = 0
    for where, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(where, name)).st_size  # noqa: PTH118 - thousands of files
            except OSError:
                continue
    return total
