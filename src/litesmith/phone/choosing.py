"""Which device is meant: the one that is attached, or the one that was named."""

from __future__ import annotations

import os
import re
import threading
from dataclasses import dataclass

from litesmith.core.errors import TargetError, UserError
from litesmith.core.names import nearest
from litesmith.phone.client import CALL_S, START_S, Adb, find_adb
from litesmith.phone.faults import fault_of

READY, OFFLINE = "device", "offline"
SERIAL_VARIABLE = "ANDROID_SERIAL"
"""Names a device for adb itself; it is heeded where none is named."""
_STARTING = threading.Lock()
"""Sessions are opened side by side, and two calls that start adb's server at once are in each other's way."""
_STATES = "|".join(
    (
        "device",
        "offline",
        "unauthorized",
        "authorizing",
        "connecting",
        "no permissions",
        "recovery",
        "rescue",
        "sideload",
        "bootloader",
        "host",
        "detached",
        "unknown",
    )
)
_LINE = re.compile(rf"(?P<serial>\S.*?)\s+(?P<state>{_STATES})(?P<rest>\s.*|;.*|)$")
_SERIAL = re.compile(r"[^\s\0-\x1f-][^\0-\x1f]{0,254}\Z")
_NETWORK = re.compile(r"(\[[0-9A-Fa-f:.%\w]+\]|[A-Za-z0-9][A-Za-z0-9_.-]*):[0-9]{1,5}\Z")
_NONE = (
    "On the phone: Settings, About phone, tap Build number seven times; then System, Developer options, USB debugging. "
    "Connect it, and see: adb devices"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """A device that adb lists.

    Attributes:
        serial: Its name there.
        state: `device` when it is ready.
        detail: What else adb says, such as `product:husky model:Pixel_8`.
    """

    serial: str
    state: str
    detail: str = ""


def listed(adb: Adb) -> tuple[Attached, ...]:
    """Return the devices that adb knows of.

    Raises:
        TargetError: its server does not start or answer.
    """
    with _STARTING:
        answer = adb.call(["devices", "-l"], timeout_s=START_S + CALL_S)
    if answer.code != 0:
        raise fault_of(f"{answer.out}\n{answer.error}", "")
    return parsed(answer.out)


def parsed(out: str) -> tuple[Attached, ...]:
    r"""Return the devices of what `adb devices -l` printed.

    >>> parsed("List of devices attached\n0A1 x             device usb:1-2 model:Pixel_8\n")
    (Attached(serial='0A1 x', state='device', detail='usb:1-2 model:Pixel_8'),)
    """
    _, _, rows = out.partition("List of devices attached")
    found = (_LINE.match(row.strip()) for row in rows.splitlines())
    return tuple(Attached(serial=m["serial"], state=m["state"], detail=m["rest"].strip(" ;")) for m in found if m)


def choose(address: str) -> Adb:
    """Return adb for the device of what follows `adb:`; for nothing, the only one that is attached.

    A device of the network (`HOST:PORT`) that adb does not know yet, or lost, is connected to, and stays connected.

    Raises:
        MissingExtraError: there is no adb.
        UserError: the serial cannot be one, or several devices are attached and none is named.
        TargetError: there is no such device, or it is not ready.
    """
    if address and not _SERIAL.match(address):
        raise UserError(
            f"{address!r} is no serial of a device", hint="Type adb devices, and write one like adb:0A191FDD4003 there."
        )
    adb = Adb(find_adb())
    wanted = address or os.environ.get(SERIAL_VARIABLE, "")
    found = listed(adb)
    if _NETWORK.match(wanted) and all(one.serial != wanted or one.state == OFFLINE for one in found):
        found = _connected(adb, wanted)
    chosen = _named(wanted, found, by="" if address else SERIAL_VARIABLE) if wanted else _only(found)
    if chosen.state != READY:
        raise _not_ready(chosen)
    return adb.to(chosen.serial)


def _only(found: tuple[Attached, ...]) -> Attached:
    if not found:
        raise TargetError("no phone is attached", hint=f"{_NONE}.")
    if len(found) > 1:
        names = ", ".join(_shown(one) for one in found)
        ready = next((one for one in found if one.state == READY), found[0])
        raise UserError(
            f"{len(found)} devices are attached, and 'adb' names none of them: {names}",
            hint=f"Name one, such as adb:{ready.serial}; --target takes several, with commas between them.",
        )
    return found[0]


def _named(wanted: str, found: tuple[Attached, ...], *, by: str) -> Attached:
    for one in found:
        if one.serial == wanted:
            return one
    names = {one.serial.lower(): one.serial for one in found}
    close = names.get(nearest(wanted, names) or "")
    known = f"Attached: {', '.join(_shown(one) for one in found)}." if found else f"None is attached. {_NONE}."
    hint = (f"Did you mean adb:{close}? " if close else "") + known
    raise TargetError(f"no device '{wanted}' is attached{f' ({by} names it)' if by else ''}", hint=hint)


def _connected(adb: Adb, place: str) -> tuple[Attached, ...]:
    """Return the devices after connecting to one of the network.

    Raises:
        TargetError: it cannot be connected to. adb itself ends with 0 then.
    """
    adb.call(["disconnect", place])  # one that went away is tried again after ten seconds only
    answer = adb.call(["connect", place])
    found = listed(adb)
    if all(one.serial != place for one in found):
        said = f"{answer.error}\n{answer.out}"
        if "authenticate" in said:
            raise fault_of("unauthorized", place)
        raise fault_of(said if "connect" in said else f"failed to connect to {place}: {said}", place)
    return found


def _shown(one: Attached) -> str:
    model = re.search(r"\bmodel:(\S+)", one.detail)
    state = "" if one.state == READY else one.state
    words = [word for word in (model[1].replace("_", " ") if model else "", state) if word]
    return one.serial + (f" ({', '.join(words)})" if words else "")


def _not_ready(one: Attached) -> TargetError:
    """Return the error of a device in a state in which no command is run."""
    if one.state in ("unauthorized", "offline", "connecting", "authorizing", "no permissions"):
        still = {
            "connecting": "device still connecting",
            "authorizing": "device unauthorized",
            "offline": "device offline",
        }
        return fault_of(still.get(one.state, one.state), one.serial)
    return TargetError(
        f"adb:{one.serial} is in state '{one.state}', in which it runs no programs",
        hint="Start Android on it: adb reboot",
    )
