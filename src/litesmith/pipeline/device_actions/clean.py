"""Removes from a device all that Litesmith keeps there for longer than a session."""

from __future__ import annotations

from litesmith.core.connecting import resolve
from litesmith.core.device_action import DeviceOutcome
from litesmith.core.errors import UserError
from litesmith.core.progress import Progress
from litesmith.pipeline.device_action import DeviceAction


def run(target: str, progress: Progress) -> DeviceOutcome:
    """Return what was done.

    Raises:
        UserError: the target is not of a kind on which things are kept.
        TargetError: it cannot be reached, or it failed there.
    """
    plugin, address = resolve(target)
    if plugin.clean is None:
        raise UserError(f"nothing is kept on target '{target}'", hint="Name a host, such as pi@board.local.")
    return DeviceOutcome(action="clean", target=target, done=plugin.clean(address, progress))


PLUGIN = DeviceAction(name="clean", summary="remove all that Litesmith keeps on it", takes_target=True, run=run)
