"""Removes a virtual board with all that is on it."""

from __future__ import annotations

from litesmith.core.device_action import DeviceOutcome
from litesmith.core.progress import Progress
from litesmith.emulation.boards import board_named
from litesmith.emulation.making import remove
from litesmith.pipeline.device_action import DeviceAction


def run(target: str, progress: Progress) -> DeviceOutcome:
    """Return what was removed.

    Raises:
        UserError: it was not created, or the name is of no virtual board.
        TargetError: it does not end, or its files cannot be removed.
    """
    del progress
    board = board_named(target)
    gone = remove(board)
    return DeviceOutcome(action="remove", target=target, done=(f"{board.name} was removed",), devices=(gone,))


PLUGIN = DeviceAction(
    name="remove",
    summary="stop a virtual Raspberry Pi and remove all that is on it",
    takes_target=True,
    example="virtual-pi:5",
    run=run,
)
