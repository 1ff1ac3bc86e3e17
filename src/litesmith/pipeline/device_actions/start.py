"""Starts a virtual board, to stay until it is stopped."""

from __future__ import annotations

from litesmith.core.device_action import DeviceOutcome
from litesmith.core.progress import Progress
from litesmith.emulation.boards import board_named
from litesmith.emulation.making import look
from litesmith.emulation.power import start
from litesmith.emulation.store import Place
from litesmith.pipeline.device_action import DeviceAction


def run(target: str, progress: Progress) -> DeviceOutcome:
    """Return what runs now; starting what runs already changes nothing.

    Raises:
        UserError: it was not created, or the name is of no virtual board.
        TargetError: it does not start.
    """
    del progress
    board = board_named(target)
    start(Place(board), kept=True)
    return DeviceOutcome(
        action="start", target=target, done=(f"{board.name} runs until it is stopped",), devices=(look(board),)
    )


PLUGIN = DeviceAction(
    name="start", summary="start a virtual Raspberry Pi", takes_target=True, example="virtual-pi:5", run=run
)
