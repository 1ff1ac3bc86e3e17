"""Running programs on a machine. Whatever happens here or there, nothing goes on running."""

from __future__ import annotations

import subprocess
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from litesmith.core.errors import TargetError
from litesmith.core.target import OnLine
from litesmith.remote.connection import Connection
from litesmith.remote.faults import Dropped

_RUN = 'cd -- "$1" || exit 126; shift; command -v -- "$1" >/dev/null 2>&1 || exit 127; exec "$@"'
_END_ALL = """
for round in 1 2 3 4 5; do
    pids=$(grep -ls -- "LITESMITH_RUN=$1" /proc/[0-9]*/environ 2>/dev/null | sed 's|^/proc/||; s|/environ$||')
    [ -n "$pids" ] || exit 0
    kill -9 $pids 2>/dev/null
done
exit 1
"""
_END_S = 30.0


@dataclass(slots=True)
class _Limits:
    """What ended a run early."""

    late: bool = False
    ended: threading.Event = field(default_factory=threading.Event)


def run(
    connection: Connection,
    command: Sequence[str],
    name: str,
    *,
    request: str,
    on_line: OnLine,
    timeout_s: float,
) -> tuple[int, list[str]]:
    """Run a program there in the connection's folder; return its exit code and the lines of its error stream.

    A run is never repeated: when the connection is lost, what still runs there is ended, and that is an error.

    Args:
        connection: An open one.
        command: Program and arguments.
        name: What to call it in messages.
        request: Its standard input.
        on_line: Called with each line of its standard output.
        timeout_s: After which it is ended.

    Raises:
        TargetError: it could not be started, took too long, or the connection was lost.
    """
    connection.ask(["true"])  # a connection lost since the last command is no reason to fail
    line, token = connection.command(["sh", "-c", _RUN, "sh", connection.folder, *command])
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as errors:
        given.write(request.encode("utf-8"))
        given.seek(0)
        process = connection.start(line, stdin=given, stdout=subprocess.PIPE, stderr=errors)
        limits = _Limits()
        watchdog = threading.Timer(timeout_s, _end_late, (process, limits))
        watchdog.daemon = True
        watchdog.start()
        whole = False
        try:
            assert process.stdout is not None
            begun = False
            for raw in process.stdout:
                text = raw.decode("utf-8", "replace").rstrip("\n")
                if begun:
                    on_line(text)
                begun = begun or text == token
            process.wait()
            whole = not limits.late
        finally:
            watchdog.cancel()
            if process.poll() is None:
                process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()
            if not whole:
                end_all(connection)
        if limits.late:
            raise TargetError(f"{name} took longer than {timeout_s:g} s on {connection.label} and was ended")
        errors.seek(0)
        try:
            code, said = connection.code_of(errors.read().decode("utf-8", "replace"), token)
        except Dropped as dropped:
            raise _cut(connection, name) from dropped
    lines = said.strip().splitlines()
    if code == 127 and not lines:
        raise TargetError(
            f"{name} could not be started on {connection.label}: there is no {command[0]}", hint="Check its name."
        )
    return code, lines


def end_all(connection: Connection) -> bool:
    """End everything that runs there for this connection; return whether that is certain."""
    try:
        return connection.ask(["sh", "-c", _END_ALL, "sh", connection.id], timeout_s=_END_S, marked=False).code == 0
    except TargetError:
        return False


def _end_late(process: subprocess.Popen[bytes], limits: _Limits) -> None:
    limits.late = True
    process.kill()


def _cut(connection: Connection, name: str) -> TargetError:
    """Return the error of a run that lost its connection, after ending what is left of it."""
    ended = end_all(connection)
    after = (
        "what still ran there was ended"
        if ended
        else f"what still runs there ends by itself within {connection.patience.grace_s} s"
    )
    return TargetError(
        f"the connection to {connection.label} was lost while {name} ran; {after}",
        hint="A run that was cut off is no measurement. Check power and network of the board, then type it again.",
    )
