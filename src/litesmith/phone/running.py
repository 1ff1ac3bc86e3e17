"""Running programs on a phone. Whatever happens here or there, nothing goes on running."""

from __future__ import annotations

import secrets
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from litesmith.core.elsewhere import end_all, watched
from litesmith.core.errors import TargetError
from litesmith.core.target import OnLine
from litesmith.phone.client import text_of
from litesmith.phone.connection import Connection
from litesmith.phone.copying import push
from litesmith.phone.faults import Gone, without_server_lines

_RUN = """
token=$1 given=$2 errors=$3
cd "$4" || exit 126
shift 4
echo; echo "$token"
if command -v "$1" >/dev/null 2>&1; then
    if [ "$errors" ]; then "$@" <"$given" 2>"$errors"; else "$@" <"$given"; fi
    code=$?
else
    code=missing
fi
[ "$errors" ] || exec 1>&2
echo; echo "$token $code"
if [ "$errors" ]; then cat "$errors"; rm -f "$errors"; fi
"""
"""Where adb has one stream, errors go to a file, which is printed when all is over."""


@dataclass(slots=True)
class _Outcome:
    """What came of a run.

    Attributes:
        code: As the phone's shell said it; `missing` where there is no such program, empty where it was cut off.
        errors: The error stream, or what adb said.
    """

    code: str = ""
    errors: list[str] = field(default_factory=list)


def run(
    connection: Connection,
    command: Sequence[str],
    *,
    request: str = "",
    on_line: OnLine,
    timeout_s: float,
) -> tuple[int, list[str]]:
    """Run a program there in the connection's folder; return its exit code and the lines of its error stream.

    A run is never repeated: when the connection is lost, what still runs there is ended, and that is an error.

    Args:
        connection: An open one.
        command: Program and arguments.
        request: Its standard input.
        on_line: Called with each line of its standard output.
        timeout_s: After which it is ended.

    Raises:
        Gone: the phone went away.
        TargetError: it could not be started, or took too long.
    """
    name = Path(command[0]).name
    given = _given(connection, request)
    outcome = _Outcome()
    token = secrets.token_hex(8)
    errors = f"{connection.folder}/errors-{token}" if connection.legacy else ""
    wrapped = ["sh", "-c", _RUN, "sh", token, given, errors, connection.folder, *command]
    arguments = connection.shell(wrapped)
    with tempfile.TemporaryFile() as said:
        process = connection.adb.start(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said)
        with watched(process, timeout_s=timeout_s, cut=partial(end_all, connection)) as program:
            for line in _lines(process, token, outcome, merged=connection.legacy):
                on_line(line)
        if program.late:
            raise TargetError(f"{name} took longer than {timeout_s:g} s on {connection.label} and was ended")
        if not connection.legacy:
            text, mark, code = text_of(said).rpartition(f"\n{token} ")
            outcome.code = code.strip() if mark else ""
            outcome.errors = without_server_lines(text if mark else code).strip("\n").splitlines()
    return _judged(connection, command, outcome)


def _given(connection: Connection, request: str) -> str:
    """Return the path of a file there with the standard input, which is not read where adb closes it too late."""
    if not request:
        return "/dev/null"
    with tempfile.TemporaryDirectory(prefix="litesmith-") as folder:
        file = Path(folder) / "given"
        file.write_text(request, encoding="utf-8")
        place = f"{connection.folder}/given-{secrets.token_hex(8)}"
        push(connection, file, place, name="the request")
        return place


def _lines(process: subprocess.Popen[bytes], token: str, outcome: _Outcome, *, merged: bool) -> Iterator[str]:
    """Yield the lines that the program prints, without what adb or a shell prints in front.

    Where streams are merged, what follows the exit code are the errors, and the empty line before it is ours.
    """
    assert process.stdout is not None
    begun, held = False, False
    for raw in process.stdout:
        text = raw.decode("utf-8", "replace").rstrip("\r\n" if merged else "\n")
        if not begun:
            begun = text == token
            outcome.errors += [text] if text and not begun else []
        elif outcome.code:
            outcome.errors.append(text)
        elif merged and text.startswith(f"{token} "):
            outcome.code, outcome.errors = text[len(token) + 1 :], []
        else:
            if held:
                yield ""
            held = merged and not text
            if not held:
                yield text


def _judged(connection: Connection, command: Sequence[str], outcome: _Outcome) -> tuple[int, list[str]]:
    """Return exit code and lines of errors.

    Raises:
        TargetError: it was cut off, or did not start.
    """
    name, label = Path(command[0]).name, connection.label
    if outcome.code == "missing":
        raise TargetError(f"{name} could not be started on {label}: there is no {command[0]}", hint="Check its name.")
    if not outcome.code.isdecimal():
        fault = connection.lost(f"while {name} ran", "\n".join(outcome.errors))
        if isinstance(fault, Gone):
            raise fault
        raise TargetError(
            f"{name} on {label} ended without telling its exit code: {fault.message}", hint=fault.hint
        ) from fault
    return int(outcome.code), outcome.errors
