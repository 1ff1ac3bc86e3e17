"""`litesmith device`: look at a device, prepare it, clean it, make and end virtual ones."""

from __future__ import annotations

from litesmith.core.device_action import DeviceOutcome
from litesmith.core.errors import UserError
from litesmith.core.progress import Progress, silent
from litesmith.core.registry import load_plugin
from litesmith.pipeline.device_action import DeviceAction

PACKAGE = "litesmith.pipeline.device_actions"


def device(action: str, target: str = "", *, progress: Progress = silent) -> DeviceOutcome:
    """Carry out an action on a device.

    Raises:
        UnknownNameError: no such action or target; the hint names the nearest.
        UserError: a target is missing or too many, or the target does not know the action.
        TargetError: the device cannot be reached, or the action failed on it.
    """
    plugin: DeviceAction = load_plugin(PACKAGE, action, kind="action")
    if plugin.takes_target and not target:
        raise UserError(f"'device {action}' needs a target", hint=f"Type: litesmith device {action} {plugin.example}")
    if target and not plugin.takes_target:
        raise UserError(f"'device {action}' takes no target, but '{target}' was given", hint="Leave it out.")
    return plugin.run(target, progress)
