"""Lists virtual boards: those that are there, and those that could be."""

from __future__ import annotations

from litesmith.core.device_action import DeviceOutcome
from litesmith.core.progress import Progress
from litesmith.emulation.making import look_at_all
from litesmith.pipeline.device_action import DeviceAction


def run(target: str, progress: Progress) -> DeviceOutcome:
    """Return the state of every virtual board.

    Raises:
        TargetError: the record of one is damaged.
    """
    del progress
    return DeviceOutcome(action="list", target=target, devices=look_at_all())


PLUGIN = DeviceAction(name="list", summary="list virtual boards and their state", takes_target=False, run=run)
