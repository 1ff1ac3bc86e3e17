"""This machine."""

from __future__ import annotations

import contextlib
import os
import platform
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

from litesmith.core import environment
from litesmith.core.device import Device
from litesmith.core.errors import TargetError, UserError
from litesmith.core.isolated import usable_cores
from litesmith.core.preflight import Preflight
from litesmith.core.progress import Progress, silent
from litesmith.core.target import OnLine, Session, Target
from litesmith.remote.facts import SCRIPT, facts_of
from litesmith.remote.obstacles import obstacles_of

_PREFLIGHT_S = 300.0


class LocalSession:
    """Runs scripts with the Python that runs Litesmith."""

    def __init__(self) -> None:
        self.progress: Progress = silent  # nothing is sent

    def device(self) -> Device:
        """Return what machine this is."""
        return Device(
            target="local",
            machine=platform.machine(),
            cpu=environment.cpu_model(),
            cores=usable_cores(),
            memory_bytes=environment.memory_bytes(),
            os=environment.operating_system(),
            governor=environment.governor(),
            python=platform.python_version(),
            runtime=f"ai-edge-litert {environment.version_of('ai-edge-litert') or 'not installed'}",
        )

    def send(self, file: Path) -> str:
        """Return the file's own path; nothing needs sending."""
        return str(file.resolve())

    def preflight(self) -> Preflight:
        """Return what machine this is in detail, and what stands in the way of running models on it.

        Raises:
            TargetError: there is no `sh`.
        """
        said: list[str] = []
        command = ["env", f"LITESMITH_PYTHON={sys.executable}", "sh", str(SCRIPT)]
        self.run(command, on_line=said.append, timeout_s=_PREFLIGHT_S)
        facts = facts_of("\n".join(said), target="local")
        return Preflight(target="local", emulated=False, facts=facts, obstacles=obstacles_of(facts))

    def run(
        self,
        command: Sequence[str],
        *,
        request: str = "",
        on_line: OnLine,
        on_error: OnLine | None = None,
        timeout_s: float,
    ) -> int:
        """Run a program here and return its exit code, 128 and the signal's number where one ended it.

        Raises:
            TargetError: it could not be started, or took longer than `timeout_s`.
        """
        name = Path(command[0]).name
        code, errors = _run(command, name, request=request, on_line=on_line, timeout_s=timeout_s)
        if on_error is not None:
            for line in errors:
                on_error(line)
        return code if code >= 0 else 128 - code

    def run_script(
        self, script: Path, arguments: Sequence[str], *, request: str, on_line: OnLine, timeout_s: float
    ) -> None:
        """Run a script here.

        Raises:
            TargetError: it failed, or took longer than `timeout_s`.
        """
        command = [sys.executable, str(script), *arguments]
        code, errors = _run(command, script.name, request=request, on_line=on_line, timeout_s=timeout_s)
        if code != 0:
            last = (errors or ["no message"])[-1]
            raise TargetError(f"{script.name} failed on local with code {code}: {last[:300]}")

    def close(self) -> None:
        """Do nothing; nothing was sent."""


def _run(
    command: Sequence[str], name: str, *, request: str, on_line: OnLine, timeout_s: float
) -> tuple[int, list[str]]:
    """Run a program and return its exit code, negative for a signal, and the lines of its standard error.

    Raises:
        TargetError: it could not be started, or took longer than `timeout_s`.
    """
    with (
        tempfile.TemporaryFile(mode="w+", encoding="utf-8") as given,  # a pipe would break if nobody reads
        tempfile.TemporaryFile(mode="w+", encoding="utf-8", errors="replace") as errors,
    ):
        given.write(request)
        given.seek(0)
        try:
            process = subprocess.Popen(
                list(command),
                stdin=given,
                stdout=subprocess.PIPE,
                stderr=errors,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,  # a group of its own, so that what the program starts ends with it
            )
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            raise TargetError(f"{name} could not be started on local: {reason}", hint="Check the path.") from error
        assert process.stdout is not None
        late = threading.Event()

        def end() -> None:
            late.set()
            _end_group(process)

        watchdog = threading.Timer(timeout_s, end)
        watchdog.start()
        try:
            for line in process.stdout:
                on_line(line.rstrip("\n"))
            code = process.wait()
        finally:
            watchdog.cancel()
            _end_group(process)
            process.wait()
            process.stdout.close()
        if late.is_set():
            raise TargetError(f"{name} took longer than {timeout_s:g} s on local and was ended")
        errors.seek(0)
        return code, errors.read().strip().splitlines()


def _end_group(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def connect(address: str) -> Session:
    """Return a session on this machine.

    Raises:
        UserError: an address was given, which `local` has none of.
    """
    if address:
        raise UserError(f"target 'local' takes no address, but '{address}' was given", hint="Use --target local.")
    return LocalSession()


PLUGIN = Target(name="local", summary="this machine", connect=connect)
