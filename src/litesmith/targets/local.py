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
from litesmith.core.target import OnLine, Session, Target


class LocalSession:
    """Runs scripts with the Python that runs Litesmith."""

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

    def run_script(
        self, script: Path, arguments: Sequence[str], *, request: str, on_line: OnLine, timeout_s: float
    ) -> None:
        """Run a script here.

        Raises:
            TargetError: it failed, or took longer than `timeout_s`.
        """
        with (
            tempfile.TemporaryFile(mode="w+", encoding="utf-8") as given,  # a pipe would break if nobody reads
            tempfile.TemporaryFile(mode="w+", errors="replace") as errors,
        ):
            given.write(request)
            given.seek(0)
            process = subprocess.Popen(
                [sys.executable, str(script), *arguments],
                stdin=given,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,  # a group of its own, so that what the script starts ends with it
            )
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
                raise TargetError(f"{script.name} took longer than {timeout_s:g} s on local and was ended")
            if code != 0:
                errors.seek(0)
                last = (errors.read().strip().splitlines() or ["no message"])[-1]
                raise TargetError(f"{script.name} failed on local with code {code}: {last[:300]}")

    def close(self) -> None:
        """Do nothing; nothing was sent."""


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
