"""An Android phone reached by adb: `adb` for the only one that is attached, `adb:SERIAL` for one of several."""

from __future__ import annotations

from contextlib import closing

from litesmith.core.progress import Progress
from litesmith.core.target import Session, Target
from litesmith.phone.choosing import choose
from litesmith.phone.session import PhoneSession


def connect(address: str) -> Session:
    """Return a session on the device of a serial; on the only one that is attached without one.

    Raises:
        UserError: several devices are attached and none is named, or there is no adb.
        TargetError: there is no such device, or it is not ready.
    """
    return PhoneSession(choose(address))


def clean(address: str, progress: Progress) -> tuple[str, ...]:
    """Remove there what sessions left that were cut off.

    Raises:
        UserError: several devices are attached and none is named, or there is no adb.
        TargetError: there is no such device, or it is not ready.
    """
    with closing(PhoneSession(choose(address), progress)) as session:
        return session.connection.found or ("nothing was left there",)


PLUGIN = Target(name="adb", summary="an Android phone reached by adb: adb or adb:SERIAL", connect=connect, clean=clean)
