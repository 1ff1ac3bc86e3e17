"""Installs on a device what running models needs, so that no session has to bring it."""

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
    if plugin.prepare is None:
        raise UserError(f"nothing can be installed on target '{target}'", hint="Name a host, such as pi@board.local.")
    return DeviceOutcome(action="prepare", target=target, done=plugin.prepare(address, progress))


PLUGIN = DeviceAction(name="prepare", summary="install what running models needs, for good", takes_target=True, run=run)
