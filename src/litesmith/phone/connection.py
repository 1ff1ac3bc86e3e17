"""A connection to a phone, and a folder on it that lives as long as the connection."""

from __future__ import annotations

import contextlib
import os
import secrets
import select
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from litesmith.core.elsewhere import Answer, quoted
from litesmith.core.errors import TargetError
from litesmith.phone.client import CALL_S, LEGACY_LONGEST_BYTES, Adb, text_of
from litesmith.phone.faults import Gone, fault_of, is_gone, last_line

KEEPER = Path(__file__).with_name("keeper.sh")
BASE = "/data/local/tmp"
PREFIX = "litesmith-"
SHELL_PROTOCOL = "shell_v2"
_OPEN_S, _CLOSE_S = 60.0, 60.0
_NO_FOLDER = 73
_CALL = """
token=$1 legacy=$2
shift 2
echo; echo "$token"
if [ "$legacy" ]; then "$@" 2>&1 </dev/null; else "$@" </dev/null; fi
code=$?
[ "$legacy" ] || exec 1>&2
echo; echo "$token $code"
"""
"""A word in front of what a command prints and one in front of its exit code, which is not there if it was cut off.

Where adb has one stream and no exit code, both stand on the one stream.
"""


class Connection:
    """A connection to one device.

    Args:
        adb: The program, for that device.

    Attributes:
        label: What to call the device in messages.
        legacy: Whether its adb has one stream for output and errors, and no exit code: Android 6 and older.
        found: What was removed of dead sessions when it was opened, and what was left, one sentence each.
    """

    def __init__(self, adb: Adb) -> None:
        self.adb = adb
        self.label = f"adb:{adb.serial}"
        self.id = secrets.token_hex(8)
        self.legacy = False
        self.found: tuple[str, ...] = ()
        self._keeper: subprocess.Popen[bytes] | None = None
        self._said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the connection
        self._closed = False

    @property
    def folder(self) -> str:
        """The folder there that is removed with the connection."""
        return f"{BASE}/{PREFIX}{self.id}"

    @property
    def alive(self) -> bool:
        """Whether the connection stands, as far as is known here."""
        return self._keeper is not None and self._keeper.poll() is None

    def open(self) -> None:
        """Connect, and make the folder.

        Raises:
            TargetError: the device does not answer, or no folder can be made there.
        """
        features = self.adb.call(["features"])
        if features.code != 0:
            raise self.adb.fault(features.error, "while it was asked what it can")
        self.legacy = SHELL_PROTOCOL not in features.out.split()
        script = without_comments(KEEPER)
        keeper = self.adb.start(
            ["shell", f"LITESMITH_PHONE={self.id} {quoted(['sh', '-c', script, 'sh', self.id])}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
        )
        self._keeper = keeper
        heard, ready = self._heard(f"ready-{self.id}", _OPEN_S)
        if ready:
            self.found = tuple(line for line in heard if line.startswith((f"removed {BASE}", f"left {BASE}")))
            return
        late = keeper.poll() is None
        self._end_keeper()
        said = "\n".join([*heard, text_of(self._said)])
        if late:
            raise self.adb.silent("shell", _OPEN_S)
        if keeper.returncode == _NO_FOLDER or "litesmith.new" in said:
            raise fault_of(said if last_line(said) else "No space left on device", self.adb.serial)
        raise self.adb.fault(said, "while a session was opened")

    def shell(self, command: Sequence[str], *, marked: bool = True) -> list[str]:
        """Return the arguments of adb that run a command there; what is marked is ended with the connection.

        Raises:
            TargetError: the device's adb takes no command of this length.
        """
        mark = f"LITESMITH_RUN={self.id} " if marked else ""
        text = mark + quoted(command)
        if self.legacy and len(text.encode()) > LEGACY_LONGEST_BYTES:
            raise TargetError(
                f"a command of {len(text.encode())} bytes is too long for {self.label}, whose adb takes "
                f"{LEGACY_LONGEST_BYTES}",
                hint="Give fewer or shorter arguments, or use Android 7 or newer.",
            )
        return ["shell", text]

    def ask(self, command: Sequence[str], *, timeout_s: float = CALL_S, marked: bool = True) -> Answer:
        """Run a short command there, without input.

        On devices of Android 6 and older its error stream is a part of its output.

        Raises:
            Gone: the device went away.
            TargetError: it took too long, or adb failed.
        """
        token = secrets.token_hex(8)
        wrapped = ["sh", "-c", _CALL, "sh", token, "1" if self.legacy else "", *command]
        said = self.adb.call(self.shell(wrapped, marked=marked), timeout_s=timeout_s)
        out = said.out.replace("\r\n", "\n") if self.legacy else said.out
        _, begun, out = out.partition(f"\n{token}\n")
        if self.legacy:
            out, mark, code = out.rpartition(f"\n{token} ")
            error = ""
        else:
            error, mark, code = said.error.rpartition(f"\n{token} ")
        if not begun or not mark or not code.strip().isdecimal():
            raise self.lost(f"while {command[0]} ran", f"{said.error}\n{out}")
        return Answer(code=int(code), out=out, error=error.strip("\n"))

    def lost(self, doing: str, said: str = "") -> TargetError:
        """Return the error of something that did not come to its end; `said` is what adb printed."""
        said = "\n".join(line for line in said.splitlines() if line.strip())
        with contextlib.suppress(subprocess.TimeoutExpired, AttributeError):
            assert self._keeper is not None
            self._keeper.wait(timeout=2)  # the commands may hear of it first
        if not self.alive or not said or is_gone(said, self.adb.serial):
            return Gone.of(self.adb.serial, doing, said)
        return fault_of(said, self.adb.serial)

    def close(self) -> None:
        """Remove the folder there with all in it, end what still runs there, and disconnect. Harmless when repeated.

        When the connection was lost, the phone does that by itself, or the next session does.
        """
        if self._closed:
            return
        self._closed = True
        try:
            if self.alive:
                assert self._keeper is not None
                assert self._keeper.stdin is not None
                with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                    self._keeper.stdin.write(b"end\n")
                    self._keeper.stdin.flush()
                    if self._heard("ended", _CLOSE_S)[1]:
                        self._keeper.wait(timeout=5)
        finally:
            self._end_keeper()
            self._said.close()

    def _heard(self, word: str, limit_s: float) -> tuple[list[str], bool]:
        """Return the keeper's lines up to the one that is a word, and whether that came in time."""
        assert self._keeper is not None
        assert self._keeper.stdout is not None
        stream, line, until = self._keeper.stdout.fileno(), b"", time.monotonic() + limit_s
        lines: list[str] = []
        while (left := until - time.monotonic()) > 0 and select.select([stream], [], [], left)[0]:
            byte = os.read(stream, 1)
            if not byte:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._keeper.wait(timeout=5)
                break
            if byte != b"\n":
                line += byte
                continue
            lines.append(line.decode("utf-8", "replace").strip("\r"))
            line = b""
            if lines[-1] == word:
                return lines, True
        return [*lines, line.decode("utf-8", "replace")], False

    def _end_keeper(self) -> None:
        keeper, self._keeper = self._keeper, None
        if keeper is None:
            return
        keeper.terminate()
        try:
            keeper.wait(timeout=2)
        except subprocess.TimeoutExpired:
            keeper.kill()
            keeper.wait()
        for stream in (keeper.stdin, keeper.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()


def without_comments(script: Path) -> str:
    """Return the text of a script for a phone, short, since old devices take short commands only."""
    lines = (line.strip() for line in script.read_text(encoding="utf-8").splitlines())
    return "\n".join(line.partition(" # ")[0] for line in lines if line and not line.startswith("#"))
