"""A session on a machine reached by SSH."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

from litesmith.core.device import Device
from litesmith.core.errors import TargetError
from litesmith.core.preflight import MachineFacts, Preflight
from litesmith.core.progress import Progress, silent
from litesmith.core.target import OnLine
from litesmith.remote import interpreters
from litesmith.remote.address import Address
from litesmith.remote.client import Patience, config_file
from litesmith.remote.connection import Connection
from litesmith.remote.copying import send
from litesmith.remote.facts import SCRIPT, facts_of
from litesmith.remote.obstacles import obstacles_of
from litesmith.remote.running import run

_PREFLIGHT_S = 600.0


class RemoteSession:
    """Runs programs on a machine reached by SSH.

    Args:
        address: Where it is.
        target: Specification of the target, for records and messages, such as `ssh:pi@board`.
        emulated: Whether its CPU is emulated.
        config: File for `ssh -F`; None for the one the environment names, or the user's own.
        patience: How long things may take.
        progress: Receives progress of copying and installing.

    Raises:
        TargetError: it cannot be reached.
    """

    def __init__(
        self,
        address: Address,
        *,
        target: str,
        emulated: bool = False,
        config: str | None = None,
        patience: Patience | None = None,
        progress: Progress = silent,
    ) -> None:
        self.target = target
        self.progress = progress
        self._emulated = emulated
        self._facts: MachineFacts | None = None
        self._python = ""
        self._lent: list[str] = []
        self.connection = Connection(
            address, label=target, config=config_file() if config is None else config, patience=patience
        )
        try:
            self.connection.open()
        except BaseException:
            self.connection.close()
            raise

    def facts(self) -> MachineFacts:
        """Return what the machine says of itself, asked once in a session.

        Raises:
            TargetError: it cannot be asked.
        """
        if self._facts is None:
            answer = self.connection.ask(["sh"], given=SCRIPT.read_bytes(), timeout_s=_PREFLIGHT_S)
            self._facts = facts_of(answer.out, target=self.target)
        return self._facts

    def device(self) -> Device:
        """Return what machine this is.

        Raises:
            TargetError: it cannot be asked.
        """
        facts = self.facts()
        return Device(
            target=self.target,
            machine=facts.machine,
            cpu=", ".join(part for part in (facts.board, facts.cpu) if part) or facts.machine,
            cores=facts.cores,
            memory_bytes=facts.memory_bytes,
            os=", ".join(part for part in (facts.os, facts.kernel) if part),
            governor=facts.governor or "unknown",
            python=facts.python or "none",
            runtime=interpreters.planned_runtime(facts),
            emulated=self._emulated,
        )

    def preflight(self) -> Preflight:
        """Return what machine this is now, and what stands in the way of running models on it.

        Raises:
            TargetError: it cannot be asked.
        """
        self._facts = None
        facts = self.facts()
        return Preflight(target=self.target, emulated=self._emulated, facts=facts, obstacles=obstacles_of(facts))

    def send(self, file: Path) -> str:
        """Return the path a file or folder has there, after sending it if need be; see `copying.send`.

        Raises:
            SourceError: it cannot be read here.
            TargetError: it cannot be sent.
        """
        return send(self.connection, file, progress=self.progress)

    def run(
        self,
        command: Sequence[str],
        *,
        request: str = "",
        on_line: OnLine,
        on_error: OnLine | None = None,
        timeout_s: float,
    ) -> int:
        """Run a program there, in a folder that is gone after `close`, and return its exit code.

        Raises:
            TargetError: it could not be started, took longer than `timeout_s`, or the connection was lost under it.
        """
        name = Path(command[0]).name
        code, errors = run(self.connection, command, name, request=request, on_line=on_line, timeout_s=timeout_s)
        if on_error is not None:
            for line in errors:
                on_error(line)
        return code

    def run_script(
        self, script: Path, arguments: Sequence[str], *, request: str, on_line: OnLine, timeout_s: float
    ) -> None:
        """Run a Python script there, with a Python that imports the runtime.

        Raises:
            TargetError: something stands in the way there, it failed, took longer than `timeout_s`, or the connection
                was lost under it.
            UserError: the runtime's packages cannot be fetched here.
        """
        lent = ["env", f"PYTHONPATH={':'.join(self._lent)}"] if self._lent else []
        command = [*lent, self.python(), self.send(script), *arguments]
        code, errors = run(self.connection, command, script.name, request=request, on_line=on_line, timeout_s=timeout_s)
        if code != 0:
            last = (errors or ["no message"])[-1]
            raise TargetError(f"{script.name} failed on {self.target} with code {code}: {last[:300]}")

    def python(self) -> str:
        """Return the path of a Python there that imports the runtime, which is installed for the session if need be.

        Raises:
            TargetError: something stands in the way there.
            UserError: the packages cannot be fetched here.
        """
        if not self._python:
            self._python = interpreters.lend(self.connection, self.facts(), progress=self.progress)
        return self._python

    def lend(self, requirement: str, *, module: str) -> None:
        """Let scripts that are run import a module; see `interpreters.lend_package`.

        Raises:
            TargetError: something stands in the way there, or it does not import.
            UserError: the packages cannot be fetched here.
        """
        folder = interpreters.lend_package(
            self.connection, self.facts(), self.python(), requirement, module=module, progress=self.progress
        )
        if folder and folder not in self._lent:
            self._lent.append(folder)

    def prepare(self) -> tuple[str, ...]:
        """Install there, for good, what running models needs; see `interpreters.prepare`.

        Raises:
            TargetError: something stands in the way there.
            UserError: the packages cannot be fetched here.
        """
        return interpreters.prepare(self.connection, self.facts(), progress=self.progress)

    def clean(self) -> tuple[str, ...]:
        """Remove there what `prepare` installed and what dead sessions left.

        Raises:
            TargetError: it failed.
        """
        return interpreters.clean(self.connection)

    def close(self) -> None:
        """Remove what was sent and end the connection."""
        with contextlib.suppress(TargetError):
            self.connection.close()
