"""What a target is: a machine that can run a Python script over files sent to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from litesmith.core.device import Device
from litesmith.core.instructions import InstructionCount
from litesmith.core.phone import PhoneFacts, PhoneHeat
from litesmith.core.preflight import Preflight
from litesmith.core.progress import Progress

OnLine = Callable[[str], None]


class Session(Protocol):
    """An open connection to a machine. A protocol, so that a target shares no code it does not need.

    Attributes:
        progress: Receives progress of what is sent and installed.
    """

    progress: Progress

    def device(self) -> Device:
        """Return what machine this is."""

    def preflight(self) -> Preflight:
        """Return what machine this is in detail, and what stands in the way of running models on it.

        Raises:
            TargetError: it cannot be asked.
        """

    def send(self, file: Path) -> str:
        """Return the path a file, or a folder with all in it, has there, after sending it if need be.

        What was sent is gone after `close`. Sending goes on where a dropped connection ended.

        Raises:
            TargetError: it cannot be sent: the disk is full, the connection is lost for good, a limit of time.
        """

    def run(
        self,
        command: Sequence[str],
        *,
        request: str = "",
        on_line: OnLine,
        on_error: OnLine | None = None,
        timeout_s: float,
    ) -> int:
        """Run a program there and return its exit code; see `run_script`. The first word is a path or found on PATH.

        `on_error` is called with the lines of its standard error, at the latest when it has ended. A code of 128 and
        more is a program that a signal ended.

        Raises:
            TargetError: it could not be started, or took longer than `timeout_s`.
        """

    def run_script(
        self, script: Path, arguments: Sequence[str], *, request: str, on_line: OnLine, timeout_s: float
    ) -> None:
        """Run a Python script there with `request` on its standard input, one call of `on_line` per line printed.

        The Python is one that imports the runtime and NumPy.

        Raises:
            TargetError: it could not be started, failed, or took longer than `timeout_s`.
        """

    def close(self) -> None:
        """Remove what was sent and end the connection."""


@runtime_checkable
class CountsInstructions(Protocol):
    """What a session on an emulated CPU offers beside: it counts what is executed, as its times are no latencies."""

    def instructions(self, models: Mapping[str, Path]) -> Mapping[str, InstructionCount]:
        """Return the instructions of one inference of each model with one thread, by the key it was given under.

        Models are files here; sending them is left to the session. One that cannot be counted is left out.

        Raises:
            TargetError: nothing can be counted, and why.
        """


@runtime_checkable
class LendsPackages(Protocol):
    """What a session on a board offers beside: packages that its Python lacks, for as long as the session is open."""

    def lend(self, requirement: str, *, module: str) -> None:
        """Let scripts that are run import a module, after sending the package that has it if need be.

        Args:
            requirement: Of the package, pinned, such as `pillow==13.0.0`.
            module: What it is imported as.

        Raises:
            UserError: the package cannot be fetched here.
            TargetError: it cannot be sent, or does not import there.
        """


@runtime_checkable
class RunsPrograms(Protocol):
    """What a session on a phone offers beside: there is no Python, so models are timed by programs of the phone's kind.

    `Session.run` runs such a program once it was sent; `Session.run_script` raises TargetError there.
    """

    def phone(self) -> PhoneFacts:
        """Return what phone this is; asked once in a session.

        Raises:
            TargetError: it cannot be asked.
        """

    def heat(self) -> PhoneHeat:
        """Return its heat and clock now.

        Raises:
            TargetError: it cannot be asked.
        """

    def send_program(self, file: Path) -> str:
        """Return the path a program has there, after sending it if need be; the phone may run it.

        Raises:
            TargetError: it cannot be sent, or be made runnable.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A way to reach machines.

    Attributes:
        name: File name of the plugin.
        summary: One line for people.
        connect: Takes what follows `name:` in the target's specification (empty if nothing) and connects.
        prepare: Installs there, for good, what running models needs; returns what was done, one sentence per entry.
            None where nothing can be installed. Raises TargetError.
        clean: Removes there all that Litesmith keeps for longer than a session; as `prepare`.
        check: Looks at an address before anything is connected to; None where `connect` alone can tell. Raises
            UserError.
    """

    name: str
    summary: str
    connect: Callable[[str], Session]
    prepare: Callable[[str, Progress], tuple[str, ...]] | None = None
    clean: Callable[[str, Progress], tuple[str, ...]] | None = None
    check: Callable[[str], object] | None = None
