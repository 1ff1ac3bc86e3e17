"""Starting and stopping a board."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

from litesmith.core.errors import TargetError, UserError
from litesmith.emulation import needs, spaces
from litesmith.emulation.ssh_files import SERVER_CONFIG, write_client
from litesmith.emulation.store import Place, Running, boot_id, last_user, start_ticks

_START_TIMEOUT_S = 60.0
_STOP_TIMEOUT_S = 20.0
_PORTS_TRIED = 3


def require_made(place: Place) -> None:
    """Check that a board was created.

    Raises:
        UserError: it was not.
    """
    if place.made() is None:
        name = place.board.name
        raise UserError(f"{name} was not created on this machine", hint=f"Type: litesmith device create {name}")


def start(place: Place, *, kept: bool) -> Running:
    """Start a board if it does not run, and return its process.

    Args:
        place: Of the board.
        kept: It is to stay until it is stopped, not only as long as it is in use.

    Raises:
        UserError: it was not created.
        TargetError: this machine cannot run it, or it does not come up.
    """
    with place.changing():
        require_made(place)
        running = place.running()
        if running is None:
            running = _start(place, kept=kept)
        elif kept and not running.kept:
            running = Running(
                pid=running.pid, start_ticks=running.start_ticks, boot=running.boot, port=running.port, kept=True
            )
            place.note(running)
        return running


def stop(place: Place) -> bool:
    """Stop a board, with all its processes; return whether it ran.

    Raises:
        UserError: it was not created.
        TargetError: it does not end.
    """
    with place.changing():
        require_made(place)
        return stop_locked(place)


def stop_locked(place: Place) -> bool:
    """Do the same, for a caller who holds `place.changing()`.

    Raises:
        TargetError: it does not end.
    """
    running = place.running()
    if running is not None:
        end(running)
    place.forget_running()
    return running is not None


@contextmanager
def in_use(place: Place) -> Iterator[Running]:
    """Have a board run while it is used; stop it afterwards if it ran for its users only and this was the last.

    Raises:
        UserError: it was not created.
        TargetError: this machine cannot run it, or it does not come up.
    """
    require_made(place)
    with place.used() as handle:
        running = start(place, kept=False)
        try:
            yield running
        finally:
            with place.changing():
                now = place.running()
                if now is not None and not now.kept and last_user(handle):
                    stop_locked(place)


def end(running: Running) -> None:
    """End exactly the process that was started, and wait until it and its namespace are gone.

    Raises:
        TargetError: it does not end.
    """
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            handle = os.pidfd_open(running.pid)  # names this process only, even if its id is given to another
        except ProcessLookupError:
            return
        try:
            if not running.alive():
                return
            signal.pidfd_send_signal(handle, number)
        except ProcessLookupError:
            return
        except PermissionError as error:
            raise TargetError(
                f"process {running.pid} of the board belongs to another user",
                hint="Stop it as the user who started it.",
            ) from error
        finally:
            os.close(handle)
        limit = time.monotonic() + _STOP_TIMEOUT_S
        while time.monotonic() < limit:
            if not running.alive():
                return
            time.sleep(0.02)
    raise TargetError(f"process {running.pid} of the board does not end", hint=f"Type: kill -9 {running.pid}")


def _start(place: Place, *, kept: bool) -> Running:
    needs.require_host()
    needs.require_tools()
    qemu = needs.find_qemu()
    place.forget_running()
    for _ in range(_PORTS_TRIED):
        port = free_port()
        command = ["/usr/sbin/sshd", "-D", "-e", "-f", f"/{SERVER_CONFIG}", "-p", str(port)]
        request = spaces.inside(place.root, command, qemu=qemu, environment={"QEMU_CPU": place.board.cpu})
        pid = spaces.launch(request, place.log)
        ticks = start_ticks(pid)
        running = Running(pid=pid, start_ticks=ticks or 0, boot=boot_id(), port=port, kept=kept)
        try:
            if _comes_up(place, running):
                write_client(place, port)
                place.note(running)
                return running
        except BaseException:
            end(running)
            raise
    raise TargetError(
        f"{place.board.name}: {_PORTS_TRIED} free ports on 127.0.0.1 were taken by others before it could listen",
        hint=f"Try again: litesmith device start {place.board.name}",
    )


def _comes_up(place: Place, running: Running) -> bool:
    """Wait until the server listens; return False where its port was taken meanwhile."""
    limit = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < limit:
        alive = running.alive()
        said = place.log.read_text(encoding="utf-8", errors="replace") if place.log.exists() else ""
        if "Server listening on" in said:
            return True
        if not alive:
            if "Address already in use" in said:
                return False
            raise spaces.failure(f"starting {place.board.name}", 0, said)
        time.sleep(0.02)
    raise TargetError(
        f"{place.board.name} does not answer {_START_TIMEOUT_S:g} s after its start", hint=f"See {place.log}."
    )


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
