"""Running programs on a machine. Whatever happens here or there, nothing goes on running."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from functools import partial

from litesmith.core.elsewhere import end_all, watched
from litesmith.core.errors import TargetError
from litesmith.core.target import OnLine
from litesmith.remote.connection import Connection
from litesmith.remote.faults import Dropped

_RUN = 'cd -- "$1" || exit 126; shift; command -v -- "$1" >/dev/null 2>&1 || exit 127; exec "$@"'


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
        with watched(process, timeout_s=timeout_s, cut=partial(end_all, connection)) as program:
            assert process.stdout is not None
            begun = False
            for raw in process.stdout:
                text = raw.decode("utf-8", "replace").rstrip("\n")
                if begun:
                    on_line(text)
                begun = begun or text == token
        if program.late:
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
