"""A session on a phone."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

from litesmith.core.device import Device
from litesmith.core.errors import TargetError
from litesmith.core.phone import PhoneFacts, PhoneHeat
from litesmith.core.preflight import Preflight
from litesmith.core.progress import Progress, silent
from litesmith.core.target import OnLine
from litesmith.phone import facts
from litesmith.phone.client import Adb
from litesmith.phone.connection import Connection, without_comments
from litesmith.phone.copying import send
from litesmith.phone.obstacles import obstacles_of
from litesmith.phone.running import run

_FACTS_S, _HEAT_S = 120.0, 60.0


class PhoneSession:
    """Runs programs on a phone. There is no Python, so that scripts cannot be run.

    Args:
        adb: The program, for one device.
        progress: Receives progress of copying.

    Raises:
        TargetError: it cannot be reached.
    """

    def __init__(self, adb: Adb, progress: Progress = silent) -> None:
        self.target = f"adb:{adb.serial}"
        self.progress = progress
        self._said: facts.Said | None = None
        self.connection = Connection(adb)
        try:
            self.connection.open()
        except BaseException:
            self.connection.close()
            raise

    def device(self) -> Device:
        """Return what phone this is, as machines are described.

        Raises:
            TargetError: it cannot be asked.
        """
        phone = self.phone()
        machine = facts.machine_of(self._facts(), phone)
        parts = (facts.name_of(phone), phone.soc, facts.cores_of(phone))
        return Device(
            target=self.target,
            machine=phone.abis[0] if phone.abis else machine.machine,
            cpu=", ".join(part for part in parts if part) or machine.machine,
            cores=machine.cores,
            memory_bytes=machine.memory_bytes,
            os=facts.android_of(phone),
            governor=machine.governor or "unknown",
            python="none",
            runtime="none",
            emulated=facts.is_emulator(self._facts()),
        )

    def phone(self) -> PhoneFacts:
        """Return what phone this is; asked once in a session.

        Raises:
            TargetError: it cannot be asked.
        """
        return facts.phone_of(self._facts(), serial=self.connection.adb.serial)

    def heat(self) -> PhoneHeat:
        """Return its heat and clock now.

        Raises:
            TargetError: it cannot be asked.
        """
        return facts.heat_of(self._asked("heat", _HEAT_S))

    def preflight(self) -> Preflight:
        """Return what phone this is now, and what stands in the way of running models on it.

        Raises:
            TargetError: it cannot be asked.
        """
        self._said = None
        said, phone = self._facts(), self.phone()
        machine, battery, heat = facts.machine_of(said, phone), facts.battery_of(said), facts.heat_of(said)
        return Preflight(
            target=self.target,
            emulated=facts.is_emulator(said),
            facts=machine,
            obstacles=obstacles_of(machine, phone, battery, heat, saving=facts.saves_power(said)),
            phone=phone,
            heat=heat,
            battery=battery,
        )

    def send(self, file: Path) -> str:
        """Return the path a file or folder has there, after sending it if need be; see `copying.send`.

        Raises:
            SourceError: it cannot be read here.
            TargetError: it cannot be sent.
        """
        return send(self.connection, file, progress=self.progress)

    def send_program(self, file: Path) -> str:
        """Return the path a program has there, after sending it if need be; the phone may run it.

        Raises:
            SourceError: it cannot be read here.
            TargetError: it cannot be sent, or be made runnable.
        """
        there = self.send(file)
        made = self.connection.ask(["chmod", "755", there])
        if made.code != 0:
            raise TargetError(
                f"{file.name} cannot be made a program on {self.target}: {(made.error or made.out).strip()[:200]}",
                hint="Try: adb shell ls -l /data/local/tmp",
            )
        return there

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
            TargetError: it could not be started, took longer than `timeout_s`, or the phone went away under it.
        """
        code, errors = run(self.connection, command, request=request, on_line=on_line, timeout_s=timeout_s)
        if on_error is not None:
            for line in errors:
                on_error(line)
        return code

    def run_script(
        self, script: Path, arguments: Sequence[str], *, request: str, on_line: OnLine, timeout_s: float
    ) -> None:
        """Refuse, for there is no Python on a phone.

        Raises:
            TargetError: always.
        """
        del arguments, request, on_line, timeout_s
        raise TargetError(
            f"{script.name} cannot be run on {self.target}: Android has no Python",
            hint="Phones are measured with benchmark --benchmark-binary, and answers are held against golden vectors "
            "with verify.",
        )

    def close(self) -> None:
        """Remove what was sent and end the connection."""
        with contextlib.suppress(TargetError):
            self.connection.close()

    def _facts(self) -> facts.Said:
        if self._said is None:
            self._said = self._asked("all", _FACTS_S)
        return self._said

    def _asked(self, what: str, limit_s: float) -> facts.Said:
        script = without_comments(facts.SCRIPT)
        answer = self.connection.ask(["sh", "-c", script, "sh", what], timeout_s=limit_s)
        return facts.said_of(answer.out, self.target)
