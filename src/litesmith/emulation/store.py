"""Where virtual boards are kept, what is known of each, and who may change it now."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from litesmith.core.errors import OutputError, TargetError
from litesmith.core.files import output_error, write_text
from litesmith.emulation.boards import Board

_MADE, _RUNNING = "device.json", "running.json"


def home() -> Path:
    """Return where everything of this user's is kept: $LITESMITH_HOME, or `litesmith` in the user's data folder.

    Raises:
        OutputError: the path has what no ssh configuration can name: a line break, a quote, a variable.
    """
    chosen = os.environ.get("LITESMITH_HOME")
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    path = Path(chosen).expanduser() if chosen else Path(data) / "litesmith"
    if any(part in str(path) for part in ("\n", "\r", '"', "${")):
        raise OutputError(
            f"virtual devices cannot be kept in {str(path)!r}: a quote, a line break or ${{ is in it",
            hint="Set LITESMITH_HOME to another folder.",
        )
    return path.absolute()


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What was made, once: `device.json` in a board's folder.

    Attributes:
        base: Of what its root was copied.
        qemu: Version of qemu then.
        seconds: What making took.
        size_bytes: Of its files then.
    """

    base: str
    qemu: str
    seconds: float
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """The process a board runs in: `running.json` in its folder, as long as it runs.

    Attributes:
        pid: Of the launcher, with whose end everything of the board ends.
        start_ticks: When that process was started, as the kernel counts; no other process has both.
        boot: Which boot of this machine.
        port: Where its SSH server listens, on 127.0.0.1.
        kept: Started to stay, not for one session.
    """

    pid: int
    start_ticks: int
    boot: str
    port: int
    kept: bool

    def alive(self) -> bool:
        """Return whether that very process still runs."""
        return self.boot == boot_id() and start_ticks(self.pid) == self.start_ticks


def boot_id() -> str:
    """Return which boot of this machine this is."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def start_ticks(pid: int) -> int | None:
    """Return when a process was started, in ticks since boot; None when it does not run (any more)."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in ("Z", "X") else int(fields[19])


class Place:
    """The folder of a board, which may not exist yet."""

    def __init__(self, board: Board) -> None:
        self.board = board
        self.store = home() / "virtual-pi"
        self.folder = self.store / board.number
        self.root = self.folder / "root"
        self.ssh_config = self.folder / "ssh_config"
        self.log = self.folder / "log.txt"

    def made(self) -> Made | None:
        """Return what was made, or None.

        Raises:
            TargetError: the record of it cannot be read.
        """
        found = _read(self.folder / _MADE, self.board)
        try:
            return None if found is None else Made(**found)
        except TypeError as error:
            raise _damaged(self.folder / _MADE, self.board) from error

    def running(self) -> Running | None:
        """Return the process it runs in, or None, also where a note is left of a process that has ended.

        Raises:
            TargetError: the note cannot be read.
        """
        note = self.folder / _RUNNING
        found = _read(note, self.board)
        try:
            running = None if found is None else Running(**found)
        except TypeError as error:
            raise _damaged(note, self.board) from error
        return running if running is not None and running.alive() else None

    def note(self, running: Running) -> None:
        """Write what runs.

        Raises:
            OutputError: it cannot be written.
        """
        write_text(self.folder / _RUNNING, json.dumps(asdict(running), indent=2) + "\n")

    def forget_running(self) -> None:
        """Remove the note of a process that has ended."""
        (self.folder / _RUNNING).unlink(missing_ok=True)

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Hold the right to make, start, stop or remove this board; waits for another who has it.

        Raises:
            OutputError: the folder cannot be written.
        """
        with locked(self.store / f".{self.board.number}.lock"):
            yield

    @contextmanager
    def used(self) -> Iterator[int]:
        """Count as one of those who use the board while it runs; gives the handle for `last_user`.

        Raises:
            OutputError: the folder cannot be written.
        """
        with locked(self.store / f".{self.board.number}.users", shared=True) as handle:
            yield handle


def write_made(folder: Path, made: Made) -> None:
    """Write what was made, into its folder.

    Raises:
        OutputError: it cannot be written.
    """
    write_text(folder / _MADE, json.dumps(asdict(made), indent=2) + "\n")


def last_user(handle: int) -> bool:
    """Return whether nobody else uses the board that `Place.used` gave the handle of."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        fcntl.flock(handle, fcntl.LOCK_SH)
        return False
    return True


@contextmanager
def locked(file: Path, *, shared: bool = False) -> Iterator[int]:
    """Hold a lock of this name; one process has it, or many share it. Ends with the process, however that ends.

    Raises:
        OutputError: the folder cannot be written.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise output_error(error, file) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
        yield handle
    finally:
        os.close(handle)


def _read(file: Path, board: Board) -> dict[str, Any] | None:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise _damaged(file, board) from error
    if not isinstance(found, dict):
        raise _damaged(file, board)
    return found


def _damaged(file: Path, board: Board) -> TargetError:
    remedy = (
        f"Type: litesmith device remove {board.name}, then create it again."
        if file.name == _MADE
        else "End its process if it still runs (namespace.py in the list of processes), and remove the file."
    )
    return TargetError(f"{file} cannot be read as the state of {board.name}", hint=remedy)
