"""What a device is and what stands in the way of running models on it."""

from __future__ import annotations

from litesmith.core.connecting import connect
from litesmith.core.device_action import DeviceOutcome
from litesmith.core.progress import Progress
from litesmith.pipeline.device_action import DeviceAction


def run(target: str, progress: Progress) -> DeviceOutcome:
    """Return what the device says of itself; nothing is changed on it."""
    del progress
    session = connect(target)
    try:
        found = session.preflight()
    finally:
        session.close()
    return DeviceOutcome(action="check", target=target, preflight=found)


PLUGIN = DeviceAction(
    name="check", summary="what it is, and what stands in the way of running models on it", takes_target=True, run=run
)
