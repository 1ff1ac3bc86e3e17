"""A session that stands for a phone and runs commands on this machine, for tests of what is done with a phone."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from phone_programs import benchmark_model, write_program, write_tools

from litesmith.core.device import Device
from litesmith.core.errors import TargetError
from litesmith.core.phone import CoreGroup, PhoneFacts, PhoneHeat
from litesmith.core.preflight import MachineFacts, Preflight
from litesmith.core.progress import Progress, silent
from litesmith.core.target import OnLine

GROUPS = (CoreGroup(cores=(0,), clock_most_mhz=1800.0), CoreGroup(cores=(1,), clock_most_mhz=2800.0))


@dataclass
class LocalPhone:
    """A phone whose `pm` and `am` are stand-ins, and whose heat is a list that a test gives."""

    folder: Path
    abis: tuple[str, ...] = ("x86_64",)
    groups: tuple[CoreGroup, ...] = GROUPS
    emulated: bool = False
    heats: list[PhoneHeat] = field(default_factory=lambda: [PhoneHeat(status=0, battery_c=30.0)])
    commands: list[list[str]] = field(default_factory=list)
    progress: Progress = silent

    def __post_init__(self) -> None:
        for name in ("bin", "state"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        write_tools(self.folder / "bin", str(self.state))

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def tool(self) -> Path:
        """Return the stand-in for the official program."""
        return write_program(self.folder / "benchmark_model", benchmark_model(), machine="x86_64")

    def device(self) -> Device:
        return Device(
            target="adb:LOCAL", machine=self.abis[0], cpu="Pixel 0, Some SoC", cores=2, memory_bytes=2**32,
            os="Android 15 (SDK 35)", governor="walt", python="none", runtime="none", emulated=self.emulated,
        )  # fmt: skip

    def phone(self) -> PhoneFacts:
        return PhoneFacts(serial="LOCAL", model="Pixel 0", soc="Some SoC", abis=self.abis, groups=self.groups, sdk=35)

    def heat(self) -> PhoneHeat:
        return self.heats.pop(0) if len(self.heats) > 1 else self.heats[0]

    def preflight(self) -> Preflight:
        return Preflight(target="adb:LOCAL", emulated=self.emulated, facts=MachineFacts(), obstacles=())

    def send(self, file: Path) -> str:
        return str(file)

    def send_program(self, file: Path) -> str:
        return str(file)

    def run(
        self,
        command: Sequence[str],
        *,
        request: str = "",
        on_line: OnLine,
        on_error: OnLine | None = None,
        timeout_s: float,
    ) -> int:
        self.commands.append(list(command))
        path = {**os.environ, "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}"}
        done = subprocess.run(
            list(command), input=request, capture_output=True, text=True, timeout=timeout_s, check=False, env=path
        )
        for line in done.stdout.splitlines():
            on_line(line)
        for line in done.stderr.splitlines() if on_error else ():
            on_error(line)
        return done.returncode

    def run_script(
        self, script: Path, arguments: Sequence[str], *, request: str, on_line: OnLine, timeout_s: float
    ) -> None:
        raise TargetError(f"{script.name} cannot be run: Android has no Python")

    def close(self) -> None:
        pass
