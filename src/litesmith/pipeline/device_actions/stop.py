"""Stops a virtual board."""

from __future__ import annotations

from litesmith.core.device_action import DeviceOutcome
from litesmith.core.progress import Progress
from litesmith.emulation.boards import board_named
from litesmith.emulation.making import look
from litesmith.emulation.power import stop
from litesmith.emulation.store import Place
from litesmith.pipeline.device_action import DeviceAction


def run(target: str, progress: Progress) -> DeviceOutcome:
    """Return what was stopped.

    Raises:
        UserError: it was not created, or the name is of no virtual board.
        TargetError: it does not end.
    """
    del progress
    board = board_named(target)
    ran = stop(Place(board))
    said = f"{board.name} was stopped" if ran else f"{board.name} was not running"
    return DeviceOutcome(action="stop", target=target, done=(said,), devices=(look(board),))


PLUGIN = DeviceAction(
    name="stop", summary="stop a virtual Raspberry Pi", takes_target=True, example="virtual-pi:5", run=run
)
