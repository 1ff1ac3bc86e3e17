"""A connection to a machine that many commands share, that is opened anew when it was lost, and that tidies up."""

from __future__ import annotations

import contextlib
import os
import secrets
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, TypeVar

from litesmith.core.elsewhere import Answer
from litesmith.core.errors import TargetError
from litesmith.remote.address import Address
from litesmith.remote.client import Client, Patience, not_started, private_folder
from litesmith.remote.faults import Dropped, Unreachable, Wordless, fault_of, forgotten, lost, no_folder

T = TypeVar("T")
KEEPER = Path(__file__).with_name("keeper.sh")
_CALL = 'token=$1; shift; printf "\\n%s\\n" "$token"; "$@"; code=$?; printf "\\n%s %s\\n" "$token" "$code" >&2'
"""A word in front of what a command prints, for logins may print too, and one in front of its exit code."""
_NO_FOLDER = 73
_FORGIVEN, _WORDLESS = 5, 3
"""Lost connections in a row without progress."""


class Connection:
    """A connection, and a folder on the machine that lives as long as it.

    Args:
        address: Where the machine is.
        label: What to call the machine in messages; its address without one.
        config: File for `ssh -F`; empty for the user's own.
        patience: How long things may take.
    """

    def __init__(
        self, address: Address, *, label: str = "", config: str = "", patience: Patience | None = None
    ) -> None:
        self.address = address
        self.label = label or str(address)
        self.patience = patience or Patience()
        self.id = secrets.token_hex(8)
        self.home = ""
        self._config = config
        self._place = private_folder()
        self._client = Client(address=address, socket=self._place / "c", config=config, patience=self.patience)
        self._master: subprocess.Popen[bytes] | None = None
        self._said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the connection
        self._closed = False

    @property
    def folder(self) -> str:
        """The folder there that is removed with the connection."""
        return f"{self.home}/.cache/litesmith/s-{self.id}"

    @property
    def alive(self) -> bool:
        """Whether the connection stands, as far as is known here."""
        return self._master is not None and self._master.poll() is None

    def open(self) -> None:
        """Connect.

        Raises:
            TargetError: it cannot be reached, or refuses to let anybody in; `Unreachable` where trying again may help.
        """
        self._end_master()
        self._said.seek(0)
        self._said.truncate()
        keeper = ["sh", "-c", KEEPER.read_text(encoding="utf-8"), "sh", self.id, str(self.patience.grace_s)]
        master = self.start(
            self._client.master(["env", f"LITESMITH_SESSION={self.id}", *keeper]),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
        )
        self._master = master
        limit = self.patience.connect_s + self.patience.answer_s
        line = self._heard(f"ready-{self.id} ", limit)
        if line is not None:
            _, state, home = line.split(" ", 2)
            if self.home and state == "new":  # it kept the folder for a while, and nobody came
                raise forgotten(self.label)
            self.home = home.rstrip("/") or "/"
            return
        late = master.poll() is None
        self._end_master()
        self._said.seek(0)
        said = self._said.read().decode("utf-8", "replace")
        if late:
            raise Unreachable(
                f"{self.label} did not answer within {limit:g} s", hint="It hangs or is too busy. Restart it."
            )
        if master.returncode == _NO_FOLDER:
            raise no_folder(said, self.label)
        raise fault_of(said, self.address, config=self._config)

    def start(self, command: Sequence[str], **streams: object) -> subprocess.Popen[bytes]:
        """Start an ssh that asks nobody anything and is not ended by Ctrl-C, which is ours to handle.

        Raises:
            TargetError: it could not be started.
        """
        environment = {**os.environ, "SSH_ASKPASS_REQUIRE": "never", "LC_ALL": "C"}
        try:
            return subprocess.Popen(command, env=environment, start_new_session=True, **streams)  # type: ignore[call-overload,no-any-return]
        except OSError as error:
            raise not_started(error) from error

    def command(self, command: Sequence[str], *, marked: bool = True) -> tuple[list[str], str]:
        """Return the ssh command line for a command there, and a word.

        The word on a line of its own is in front of all it prints, and at last in front of its exit code on the error
        stream.

        What is marked is ended with the connection.
        """
        token = secrets.token_hex(8)
        mark = ["env", f"LITESMITH_RUN={self.id}"] if marked else []
        return self._client.over_it([*mark, "sh", "-c", _CALL, "sh", token, *command]), token

    def call(
        self, command: Sequence[str], *, given: bytes = b"", timeout_s: float | None = None, marked: bool = True
    ) -> Answer:
        """Run a short command there; see `command`.

        Raises:
            Dropped: the connection was lost.
            TargetError: it took too long.
        """
        if not self.alive:
            raise Dropped
        line, token = self.command(command, marked=marked)
        process = self.start(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        limit = timeout_s or self.patience.answer_s
        try:
            out, error = process.communicate(given, timeout=limit)
        except subprocess.TimeoutExpired as late:
            raise TargetError(
                f"{command[0]} took longer than {limit:g} s on {self.label}", hint="It hangs or is too busy there."
            ) from late
        finally:
            if process.poll() is None:
                process.kill()
                process.communicate()
        code, said = self.code_of(error.decode("utf-8", "replace"), token)
        return Answer(code=code, out=out.decode("utf-8", "replace").partition(f"\n{token}\n")[2], error=said)

    def code_of(self, errors: str, token: str) -> tuple[int, str]:
        """Return the exit code from what a command printed to its error stream, and the rest of that.

        Raises:
            Dropped: it is not there, so that the command did not come to its end, and the connection is gone.
            Wordless: it is not there although the connection stands.
            TargetError: the machine refuses a second command.
        """
        said, mark, rest = errors.rpartition(f"\n{token} ")
        if mark and rest.strip().isdecimal():
            return int(rest), said
        with contextlib.suppress(subprocess.TimeoutExpired, AttributeError):
            assert self._master is not None
            self._master.wait(timeout=2)  # the commands may hear of it first
        if not self.alive:
            raise Dropped
        if "open refused by peer" in errors:
            raise TargetError(
                f"{self.label} allows one command at a time on a connection",
                hint="On the board: raise MaxSessions in /etc/ssh/sshd_config, then sudo systemctl reload ssh",
            )
        last = (errors.strip().splitlines() or ["no message"])[-1]
        raise Wordless(
            f"a command on {self.label} ended without a word: {last[:300]}",
            hint="Is there too little memory, or is it too busy?",
        )

    def steady(self, action: Callable[[], T], doing: str, *, moved: Callable[[], int] = lambda: 0) -> T:
        """Return what `action` returns, after connecting anew as often as it is dropped.

        What ended without a word is tried again too: a busy machine can lose an answer, not only a line.

        Args:
            action: May be carried out more than once. Raises `Dropped`.
            doing: For the error: `while ... was sent`.
            moved: Grows when there is progress, which forgives what was lost before.

        Raises:
            TargetError: the machine stays away, or what `action` raises.
        """
        drops, wordless, before = 0, 0, moved()
        while True:
            try:
                if not self.alive:
                    self._again(doing)
                return action()
            except Wordless:
                wordless += 1
                if wordless >= _WORDLESS:
                    raise
            except Dropped:
                drops = drops + 1 if moved() == before else 1
                before = moved()
                self._end_master()
                if drops >= _FORGIVEN:
                    raise lost(self.label, doing) from None

    def ask(
        self, command: Sequence[str], *, given: bytes = b"", timeout_s: float | None = None, marked: bool = True
    ) -> Answer:
        """Run a short command that may be run twice; see `call`.

        Raises:
            TargetError: the machine stays away, or it took too long.
        """

        def action() -> Answer:
            return self.call(command, given=given, timeout_s=timeout_s, marked=marked)

        return self.steady(action, f"while {command[0]} ran")

    def close(self) -> None:
        """Remove the folder there with all in it, end what still runs there, and disconnect. Harmless when repeated."""
        if self._closed:
            return
        self._closed = True
        try:
            if self.home and not self.alive:  # it was lost: what was sent is still there
                with contextlib.suppress(TargetError):
                    self.open()
            if self.alive:
                assert self._master is not None
                assert self._master.stdin is not None
                with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                    self._master.stdin.write(b"end\n")
                    self._master.stdin.flush()
                    if self._heard("ended", self.patience.answer_s) is not None:
                        self._master.wait(timeout=5)
        finally:
            self._end_master()
            self._said.close()
            shutil.rmtree(self._place, ignore_errors=True)

    def _again(self, doing: str) -> None:
        """Connect after the connection was lost.

        Raises:
            TargetError: it stays away, or something else stands in the way, such as another host key.
        """
        for pause in self.patience.pauses_s:
            time.sleep(pause)
            try:
                self.open()
                return
            except Unreachable:
                continue
        raise lost(self.label, doing)

    def _heard(self, word: str, limit_s: float) -> str | None:
        """Return the keeper's next line that begins with a word; None when it ended or took too long."""
        assert self._master is not None
        assert self._master.stdout is not None
        stream, line, until = self._master.stdout.fileno(), b"", time.monotonic() + limit_s
        while (left := until - time.monotonic()) > 0:
            if not select.select([stream], [], [], left)[0]:
                return None
            byte = os.read(stream, 1)
            if not byte:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._master.wait(timeout=5)
                return None
            if byte != b"\n":
                line += byte
                continue
            if line.startswith(word.encode()):
                return line.decode("utf-8", "surrogateescape")
            line = b""
        return None

    def _end_master(self) -> None:
        master, self._master = self._master, None
        if master is None:
            return
        master.terminate()
        try:
            master.wait(timeout=2)
        except subprocess.TimeoutExpired:
            master.kill()
            master.wait()
        self._client.socket.unlink(missing_ok=True)  # else the next one would not share its connection
        for stream in (master.stdin, master.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
