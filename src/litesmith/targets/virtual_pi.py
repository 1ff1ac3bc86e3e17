"""An emulated Raspberry Pi on this machine, reached by SSH as a board is: `virtual-pi:4` and `virtual-pi:5`."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from contextlib import ExitStack, closing
from pathlib import Path

from litesmith.core.errors import TargetError
from litesmith.core.instructions import InstructionCount
from litesmith.core.preflight import MachineFacts
from litesmith.core.progress import Progress, silent
from litesmith.core.target import Session, Target
from litesmith.emulation.boards import Board, board_numbered
from litesmith.emulation.counting import count_instructions
from litesmith.emulation.power import in_use
from litesmith.emulation.ssh_files import alias
from litesmith.emulation.store import Place
from litesmith.remote.address import Address
from litesmith.remote.client import Patience
from litesmith.remote.session import RemoteSession
from litesmith.remote.wheels import gather_wheels, runtime_requirements

_PATIENCE = Patience(connect_s=60, alive_interval_s=30, answer_s=600.0, stall_s=180.0)


class VirtualPiSession(RemoteSession):
    """A session on a virtual board, which runs at least as long as it.

    Args:
        board: Which.
        progress: Receives progress of copying and installing.

    Raises:
        UserError: it was not created.
        TargetError: it does not start, or cannot be reached.
    """

    def __init__(self, board: Board, progress: Progress = silent) -> None:
        self._place = Place(board)
        self._power = ExitStack()
        self._power.enter_context(in_use(self._place))
        try:
            super().__init__(
                Address(user="", host=alias(board), port=0),
                target=board.name,
                emulated=True,
                config=str(self._place.ssh_config),
                patience=_PATIENCE,
                progress=progress,
            )
        except BaseException:
            self._power.close()
            raise

    def facts(self) -> MachineFacts:
        """Return what the board says of itself, less clock and heat, which are made up.

        Raises:
            TargetError: it cannot be asked.
        """
        return dataclasses.replace(
            super().facts(), governor="", clock_mhz=None, clock_most_mhz=None, temperature_c=None
        )

    def instructions(self, models: Mapping[str, Path]) -> Mapping[str, InstructionCount]:
        """Return the instructions of one inference of each model with one thread; see `emulation.counting`.

        One that cannot be run is left out.

        Raises:
            TargetError: there is no qemu that counts, or no model could be run.
            UserError: the runtime's packages cannot be fetched.
        """
        facts = self.facts()
        release = ".".join(facts.python.split(".")[:2])
        wheels = gather_wheels(
            runtime_requirements(release), python=release, machine=facts.machine, progress=self.progress
        )
        counts, failed = count_instructions(self._place, models, wheels)
        if failed and not counts:
            name, reason = next(iter(failed.items()))
            raise TargetError(f"no model could be run to count its instructions; {name}: {reason}")
        return counts

    def close(self) -> None:
        """Remove what was sent, end the connection, and stop the board if it ran for its sessions only."""
        try:
            super().close()
        finally:
            self._power.close()


def connect(address: str) -> Session:
    """Return a session on the virtual board of this number, `4` or `5`; 5 without one.

    Raises:
        UnknownNameError: no such board.
        UserError: it was not created.
        TargetError: it does not start, or cannot be reached.
    """
    return VirtualPiSession(board_numbered(address))


def prepare(address: str, progress: Progress) -> tuple[str, ...]:
    """Install there, for good, what running models needs.

    Raises:
        UserError: there is no such board, or packages cannot be fetched.
        TargetError: it cannot be reached, or something stands in the way there.
    """
    with closing(VirtualPiSession(board_numbered(address), progress)) as session:
        return session.prepare()


def clean(address: str, progress: Progress) -> tuple[str, ...]:
    """Remove there all that Litesmith keeps.

    Raises:
        UserError: there is no such board.
        TargetError: it cannot be reached.
    """
    with closing(VirtualPiSession(board_numbered(address), progress)) as session:
        return session.clean()


PLUGIN = Target(
    name="virtual_pi",
    summary="an emulated Raspberry Pi on this machine: virtual-pi:4 or virtual-pi:5",
    connect=connect,
    prepare=prepare,
    clean=clean,
    check=board_numbered,
)
