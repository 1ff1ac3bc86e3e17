"""Copying files and folders to a machine: a dropped connection goes on where it ended, and every byte is checked."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from litesmith.core.errors import TargetError
from litesmith.core.files import sha256_file
from litesmith.core.packing import one_file
from litesmith.core.progress import Progress, silent
from litesmith.core.units import format_size
from litesmith.remote.connection import Connection

RECEIVER = Path(__file__).with_name("receive.sh")
_CHUNK_BYTES = 1 << 16
_NO_ROOM, _SHORT, _DIFFERS, _NO_SHA256 = 74, 75, 76, 77
_WORTH_TELLING_BYTES = 1_000_000
_SLOWEST_BYTES_PER_S = 2_000_000
"""At which a board reads back what it was sent, for the limit of time on that."""


def send(connection: Connection, item: Path, *, progress: Progress = silent) -> str:
    """Return the path a file or folder has there, after sending what is not there yet.

    It lies in the connection's folder, in one named by its content, and keeps its name.

    Raises:
        SourceError: it is missing, cannot be read, or is neither file nor folder.
        TargetError: the disk there is full, the connection is lost for good, or a limit of time.
    """
    item = item.absolute()
    with one_file(item) as (path, kind):
        digest = sha256_file(path)
        parcel = _Parcel(
            path=path, name=item.name, kind=kind, digest=digest, size=path.stat().st_size, folder=digest[:16]
        )
        return _Sending(connection, parcel, progress).run()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parcel:
    """What is sent as one file."""

    path: Path
    name: str
    kind: str
    digest: str
    size: int
    folder: str


class _Sending:
    """One file on its way."""

    def __init__(self, connection: Connection, parcel: _Parcel, progress: Progress) -> None:
        self.connection = connection
        self.parcel = parcel
        self.progress = progress
        self.sent = 0
        self._arrived = 0
        self._spoilt = 0

    def run(self) -> str:
        self.connection.steady(self._once, f"while {self.parcel.name} was sent", moved=lambda: self._arrived)
        self._tell(self.parcel.size)
        return f"{self._folder}/{self.parcel.name}"

    @property
    def _folder(self) -> str:
        return f"{self.connection.folder}/{self.parcel.folder}"

    def _tell(self, sent: int) -> None:
        """Report kilobytes; a file that is there in no time is not worth a line."""
        if self.parcel.size >= _WORTH_TELLING_BYTES:
            self.progress(f"send {self.parcel.name} (kB)", sent // 1000, self.parcel.size // 1000)

    def _command(self, what: str) -> list[str]:
        parcel, script = self.parcel, RECEIVER.read_text(encoding="utf-8")
        return [
            "sh", "-c", script, "sh", what, self._folder, parcel.name, str(parcel.size), parcel.digest, parcel.kind
        ]  # fmt: skip

    def _once(self) -> None:
        """Look what is there, and send the rest.

        Raises:
            Dropped: the connection was lost.
            TargetError: it cannot be sent.
        """
        while True:
            answer = self.connection.call(self._command("look"))
            if answer.code != 0:
                raise self._no_room(answer.error, free=None)
            there, free_kb = [*answer.out.split(), "", ""][:2]
            if there == "whole":
                return
            self.sent = min(int(there), self.parcel.size)
            self._arrived = max(self._arrived, self.sent)
            free = int(free_kb) * 1024 if free_kb.isdecimal() else None
            needed = (self.parcel.size - self.sent) + (self.parcel.size if self.parcel.kind == "folder" else 0)
            if free is not None and needed > free:
                self.connection.call(["rm", "-rf", "--", self._folder])
                raise self._no_room("", free=free)
            code, said = self._rest()
            if code == 0:
                return
            if code in (_SHORT, _DIFFERS) and self._spoilt < 1:
                self._spoilt += 1
                continue
            self.connection.call(["rm", "-rf", "--", self._folder])
            raise self._error(code, said, free)

    def _rest(self) -> tuple[int, str]:
        """Send from where it ended; return the exit code there and what was said."""
        line, token = self.connection.command(self._command("take"))
        with tempfile.TemporaryFile() as errors, self.parcel.path.open("rb") as file:
            file.seek(self.sent)
            process = self.connection.start(line, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=errors)
            try:
                with contextlib.suppress(BrokenPipeError):  # it ended early; its exit code says why
                    self._pour(file, process)
                    assert process.stdin is not None
                    process.stdin.close()
                limit = self.connection.patience.answer_s + self.parcel.size / _SLOWEST_BYTES_PER_S
                process.wait(timeout=limit)
            except subprocess.TimeoutExpired as late:
                raise self._stalled(limit) from late
            finally:
                process.kill()
                process.wait()
                with contextlib.suppress(OSError):
                    assert process.stdin is not None
                    process.stdin.close()
            errors.seek(0)
            return self.connection.code_of(errors.read().decode("utf-8", "replace"), token)

    def _pour(self, file: BinaryIO, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        pipe = process.stdin.fileno()
        os.set_blocking(pipe, False)
        moved = time.monotonic()
        chunk = b""
        while chunk or (chunk := file.read(_CHUNK_BYTES)):
            if not select.select([], [pipe], [], 0.5)[1]:
                if process.poll() is not None or not self.connection.alive:
                    return
                if time.monotonic() - moved > self.connection.patience.stall_s:
                    raise self._stalled(self.connection.patience.stall_s)
                continue
            written = os.write(pipe, chunk)
            chunk = chunk[written:]
            moved = time.monotonic()
            self.sent += written
            self._tell(min(self.sent, self.parcel.size))

    def _stalled(self, limit: float) -> TargetError:
        return TargetError(
            f"{self.connection.label} took no more of {self.parcel.name} for {limit:g} s",
            hint="It hangs or is too busy. Restart it, then type the command again.",
        )

    def _error(self, code: int, said: str, free: int | None) -> TargetError:
        label, name = self.connection.label, self.parcel.name
        if code == _NO_ROOM:
            return self._no_room(said, free=free)
        if code in (_SHORT, _DIFFERS):
            return TargetError(
                f"{name} arrived on {label} with another content, twice",
                hint="Is it being written here, or is the memory card there worn out?",
            )
        if code == _NO_SHA256:
            return TargetError(f"{label} has no sha256sum", hint="On the board: sudo apt install coreutils")
        last = (said.strip().splitlines() or [f"code {code}"])[-1]
        return TargetError(f"{name} could not be sent to {label}: {last[:300]}", hint="Try: litesmith device check")

    def _no_room(self, said: str, *, free: int | None) -> TargetError:
        """Return the error of a disk that takes no more."""
        label, name = self.connection.label, self.parcel.name
        last = (said.strip().splitlines() or [""])[-1]
        full = not last or any(word in said for word in ("No space left", "quota", "File too large", "File size limit"))
        if not full:
            return TargetError(f"{name} cannot be written on {label}: {last[:300]}", hint="Is its disk read-only?")
        room = f", {format_size(free)} were free" if free is not None else ""
        twice = " twice, once packed" if self.parcel.kind == "folder" else ""
        return TargetError(
            f"the disk of {label} is full: {name} needs {format_size(self.parcel.size)}{twice}{room} "
            f"in {self.connection.folder}; what was sent of it was removed",
            hint="Free some space there, for example with: sudo apt clean",
        )
