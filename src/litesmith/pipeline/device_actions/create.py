"""Makes a virtual board on this machine."""

from __future__ import annotations

import time

from litesmith.core.device_action import DeviceOutcome
from litesmith.core.progress import Progress
from litesmith.core.units import format_size
from litesmith.emulation.boards import board_named
from litesmith.emulation.making import create
from litesmith.pipeline.device_action import DeviceAction


def run(target: str, progress: Progress) -> DeviceOutcome:
    """Return what was made.

    Raises:
        UserError: it exists, or the name is of no virtual board.
        TargetError: this machine cannot make it.
    """
    began = time.monotonic()
    made = create(board_named(target), progress=progress)
    seconds = time.monotonic() - began
    said = f"{made.target} was made in {seconds:.1f} s, {format_size(made.size_bytes)} in {made.folder}"
    return DeviceOutcome(
        action="create",
        target=target,
        done=(said, f"Use it with --target {made.target}; it is started when it is needed"),
        devices=(made,),
    )


PLUGIN = DeviceAction(
    name="create",
    summary="make a virtual Raspberry Pi on this machine",
    takes_target=True,
    example="virtual-pi:5",
    run=run,
)
