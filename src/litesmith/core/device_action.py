"""What came of an action on a device: looking at it, preparing it, cleaning it, making or ending a virtual one."""

from __future__ import annotations

from dataclasses import dataclass

from litesmith.core.preflight import Preflight


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownDevice:
    """A device that Litesmith made or could make.

    Attributes:
        target: What to give as `--target`.
        state: `absent`, `stopped` or `running`.
        detail: What else there is to say of it, on one line.
        folder: Where its files are; empty when absent.
        size_bytes: Of its files.
        pid: Of the process it ends with; 0 when not running.
        port: Where its SSH server listens on 127.0.0.1; 0 when not running.
        login: Command that logs in; empty when not running.
    """

    target: str
    state: str
    detail: str = ""
    folder: str = ""
    size_bytes: int = 0
    pid: int = 0
    port: int = 0
    login: tuple[str, ...] = ()


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
