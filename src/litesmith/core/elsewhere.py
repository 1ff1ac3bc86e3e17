"""What running commands on another machine takes, however it is reached: quoting, ending in time, reading answers."""

from __future__ import annotations

import shlex
import subprocess
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from litesmith.core.errors import TargetError, UserError

_END_ALL = """
for round in 1 2 3 4 5; do
    pids=$(grep -ls -- "LITESMITH_RUN=$1" /proc/[0-9]*/environ 2>/dev/null | while IFS=/ read -r _ _ pid _; do
        echo "$pid"; done)
    [ -n "$pids" ] || exit 0
    kill -9 $pids 2>/dev/null
done
exit 1
"""
_END_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a short command there said.

    Attributes:
        code: Its exit code.
        out: Its standard output.
        error: Its error stream, or that of what carried it.
    """

    code: int
    out: str
    error: str


class Asks(Protocol):
    """A connection that runs short commands.

    Attributes:
        id: The value of LITESMITH_RUN in the environment of all that runs there for it.
    """

    id: str

    def ask(self, command: Sequence[str], *, timeout_s: float = ..., marked: bool = ...) -> Answer:
        """Run a short command there; one that is not `marked` is not ended with the others."""


@dataclass(slots=True)
class Watched:
    """A program whose output is being read.

    Attributes:
        process: The client here that the program there hangs on.
        late: Whether it took too long and was ended.
    """

    process: subprocess.Popen[bytes]
    late: bool = False

    def end_late(self) -> None:
        """End it, as its time is over."""
        self.late = True
        self.process.kill()


@contextmanager
def watched(process: subprocess.Popen[bytes], *, timeout_s: float, cut: Callable[[], object]) -> Iterator[Watched]:
    """Let a program's output be read until it ends or its time is over; leave no client of it here.

    Args:
        process: Started, with a pipe for its output.
        timeout_s: After which it is ended.
        cut: Called where it did not end by itself: whatever is left of it there is to be ended.
    """
    program = Watched(process)
    watchdog = threading.Timer(timeout_s, program.end_late)
    watchdog.daemon = True
    watchdog.start()
    whole = False
    try:
        yield program
        process.wait()
        whole = not program.late
    finally:
        watchdog.cancel()
        if process.poll() is None:
            process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
        if not whole:
            cut()


def end_all(connection: Asks) -> bool:
    """End everything that runs there for a connection; return whether that is certain."""
    try:
        return connection.ask(["sh", "-c", _END_ALL, "sh", connection.id], timeout_s=_END_S, marked=False).code == 0
    except TargetError:
        return False


def quoted(command: Sequence[str]) -> str:
    """Return an argument list as the one text that a shell on the other side takes apart into the same list.

    Raises:
        UserError: an argument has a NUL, which no program can be given.
    """
    wrong = next((argument for argument in command if "\0" in argument), None)
    if wrong is not None:
        raise UserError(f"argument {wrong!r} has a NUL character", hint="Leave it out.")
    return shlex.join(command)


def answers_of(printed: str, label: str, *, hint: str) -> dict[str, list[str]]:
    """Return what a preflight script printed, `key=value` in each line, values by key.

    Raises:
        TargetError: its first or last line is missing.
    """
    lines = [line for line in printed.splitlines() if "=" in line]
    if "begin=litesmith" not in lines or "end=litesmith" not in lines:
        first = next((line.strip() for line in printed.splitlines() if line.strip()), "nothing")
        raise TargetError(
            f"{label} did not answer the questions of the preflight; it printed: {first[:120]}", hint=hint
        )
    found: dict[str, list[str]] = defaultdict(list)
    for line in lines[lines.index("begin=litesmith") : lines.index("end=litesmith")]:
        key, _, value = line.partition("=")
        found[key].append(value)
    return found
