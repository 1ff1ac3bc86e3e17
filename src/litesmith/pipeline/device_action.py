"""What an action of `litesmith device` is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from litesmith.core.device_action import DeviceOutcome
from litesmith.core.progress import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceAction:
    """One action.

    Attributes:
        name: File name of the plugin, as typed.
        summary: One line for people.
        takes_target: Whether a target must be named; else none may be.
        example: A target it is for, in the hint where none was named.
        run: Does it; takes the target as typed. Raises UserError and TargetError.
    """

    name: str
    summary: str
    takes_target: bool
    example: str = "pi@raspberrypi.local"
    run: Callable[[str, Progress], DeviceOutcome]
