"""What came of an action on a device: looking at it, preparing it, cleaning it, making or ending a virtual one."""

from __future__ import annotations

from dataclasses import dataclass

from litesmith.core.preflight import Preflight


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownDevice:
    """A device that Litesmith made or knows of.

    Attributes:
        target: What to give as `--target`.
        state: Such as `running`, in one word.
        detail: What else there is to say of it, on one line.
    """

    target: str
    state: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceOutcome:
    """What came of an action.

    Attributes:
        action: Name of the action.
        target: Target as typed; empty where the action takes none.
        done: What was done, one sentence per entry.
        preflight: What the device is, where it was looked at.
        devices: Those that are listed.
    """

    action: str
    target: str
    done: tuple[str, ...] = ()
    preflight: Preflight | None = None
    devices: tuple[KnownDevice, ...] = ()
