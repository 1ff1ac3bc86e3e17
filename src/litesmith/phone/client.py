"""How adb is called: the user's own program, argument lists, a limit of time on every call, quoting in one place."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from litesmith.core.elsewhere import Answer
from litesmith.core.errors import MissingExtraError, TargetError
from litesmith.phone.faults import Gone, fault_of, is_gone, without_server_lines

SDK_VARIABLES = ("ANDROID_HOME", "ANDROID_SDK_ROOT")
"""Where Android Studio's SDK is, with adb in its folder `platform-tools`."""
START_S = 30.0
"""For adb's server, which the first call of the day starts."""
CALL_S = 60.0
LEGACY_LONGEST_BYTES = 4000
"""Of a command for a device whose adb has no shell protocol: a request is one packet of 4096 bytes there."""


def find_adb() -> str:
    """Return the path of adb: the one on PATH, else that of the Android SDK.

    Raises:
        MissingExtraError: there is none.
    """
    found = shutil.which("adb")
    if found:
        return found
    homes = [os.environ[name] for name in SDK_VARIABLES if os.environ.get(name)]
    for home in homes:
        program = shutil.which("adb", path=str(Path(home) / "platform-tools"))
        if program:
            return program
    looked = " and ".join(["PATH", *(str(Path(home) / "platform-tools") for home in dict.fromkeys(homes))])
    raise MissingExtraError(
        f"there is no adb in {looked}, which phones are reached by",
        hint="Type: sudo apt install adb   (or install Android's platform-tools and set ANDROID_HOME to the SDK)",
    )


class Adb:
    """The program adb, and the device it is to talk to.

    Args:
        program: Its path.
        serial: Of the device, as `adb devices` lists it; empty for calls that concern none.
    """

    def __init__(self, program: str, serial: str = "") -> None:
        self.program = program
        self.serial = serial

    def to(self, serial: str) -> Adb:
        """Return the same for a device."""
        return Adb(self.program, serial)

    def line(self, arguments: Sequence[str]) -> list[str]:
        """Return the command line of a call."""
        return [self.program, *(["-s", self.serial] if self.serial else []), *arguments]

    def start(self, arguments: Sequence[str], **streams: object) -> subprocess.Popen[bytes]:
        """Start a call that is not ended by Ctrl-C, which is ours to handle.

        Raises:
            TargetError: it could not be started.
        """
        environment = {**os.environ, "LC_ALL": "C", "TERM": "xterm"}  # progress of a push is shown on terminals only
        try:
            return subprocess.Popen(self.line(arguments), env=environment, start_new_session=True, **streams)  # type: ignore[call-overload,no-any-return]
        except OSError as error:
            raise TargetError(
                f"{self.program} could not be started: {error.strerror or error}", hint="Try: adb version"
            ) from error

    def call(self, arguments: Sequence[str], *, timeout_s: float = CALL_S) -> Answer:
        """Return what a short call said, whatever its exit code is; lines about adb's own server are left out.

        Raises:
            TargetError: it could not be started, or took too long.
        """
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as error:
            # Files, not pipes: a server that this call starts may keep them open for days.
            process = self.start(arguments, stdin=subprocess.DEVNULL, stdout=out, stderr=error)
            try:
                code = process.wait(timeout=timeout_s)
            except subprocess.TimeoutExpired as late:
                raise self.silent(arguments[0], timeout_s) from late
            finally:
                if process.poll() is None:
                    process.kill()
                    process.wait()
            return Answer(code=code, out=text_of(out), error=without_server_lines(text_of(error)))

    def silent(self, what: str, timeout_s: float) -> TargetError:
        """Return the error of a call that took too long."""
        place = f" on adb:{self.serial}" if self.serial else ""
        return TargetError(
            f"adb {what} took longer than {timeout_s:g} s{place}",
            hint="Unlock the phone and look at its screen; else pull the cable out and in, or type: adb kill-server",
        )

    def fault(self, said: str, doing: str) -> TargetError:
        """Return the error of a call that failed, `Gone` where the device went away.

        Args:
            said: What adb printed.
            doing: For the message: `while ... was sent`.
        """
        if is_gone(said, self.serial):
            return Gone.of(self.serial, doing, said)
        return fault_of(said, self.serial)


def text_of(file: IO[bytes]) -> str:
    """Return all that is in a file."""
    file.seek(0)
    return file.read().decode("utf-8", "replace")
