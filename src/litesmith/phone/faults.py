"""What adb says when something is wrong, as errors with a remedy. The one place that reads its messages.

The texts are those of adb 1.0.41 (platform-tools 29 to 36), whose sources have them in `client/commandline.cpp`,
`client/adb_client.cpp`, `client/file_sync_client.cpp`, `transport.cpp` and `client/usb_linux.cpp`.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from litesmith.core.errors import TargetError

_SERVER = re.compile(r"\* daemon .*|adb server version \(.*")
_STARTED = "daemon started successfully"
_GONE = re.compile(
    r"device '(?P<serial>[^\n]*)' not found|error: (closed|device offline|no devices/emulators found)|"
    r"couldn't read from device|failed to read copy response|device has been disconnected|protocol fault|"
    r"connect(ion)? (failed|error)?.*(closed|reset)|failed to get feature set|error: device still",
    re.IGNORECASE,
)
UDEV = (
    "Type: sudo apt install android-sdk-platform-tools-common   (udev rules of most phones), "
    "sudo usermod -aG plugdev $USER, log in again, and pull the cable out and in"
)
TAP = (
    "Unlock the phone and tap Allow in 'Allow USB debugging?'. If nothing is asked: Developer options, "
    "Revoke USB debugging authorisations, then pull the cable out and in"
)


class Gone(TargetError):
    """The phone went away in the middle of something."""

    @classmethod
    def of(cls, serial: str, doing: str, said: str = "") -> Gone:
        """Return the error of a phone that went away; `doing` is like `while model.tflite was sent`."""
        last = last_line(said)
        return cls(
            f"the connection to adb:{serial} was lost {doing}{f' ({last})' if last else ''}",
            hint="Check the cable, or the network of wireless debugging, and see: adb devices. Then type it again; "
            "what is left on the phone is removed by the next session, or by litesmith device clean.",
        )


def without_server_lines(said: str) -> str:
    """Return what adb printed, less its news of starting or replacing its server where that worked."""
    if _STARTED not in said:
        return said
    return "\n".join(line for line in said.splitlines() if not _SERVER.match(line.strip()))


def last_line(said: str) -> str:
    """Return the last line that says something, without adb's own name in front, at most 200 letters."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return re.sub(r"^(adb: )?(error: )?", "", lines[-1])[:200] if lines else ""


def is_gone(said: str, serial: str) -> bool:
    """Return whether adb says that a device that was there is there no longer."""
    found = _GONE.search(said)
    return found is not None and found.groupdict().get("serial") in (None, serial)


def fault_of(said: str, serial: str) -> TargetError:
    """Return the error for what adb printed.

    Args:
        said: Both of its streams; may be empty.
        serial: Of the device; empty where the call concerned none.
    """
    for pattern, make in _FAULTS:
        match = re.search(pattern, said, re.IGNORECASE)
        if match is not None:
            return make(match, f"adb:{serial}" if serial else "the phone")
    last = last_line(said)
    place = f" for adb:{serial}" if serial else ""
    return TargetError(f"adb failed{place}: {last or 'no message'}", hint="Try what adb itself says: adb devices -l")


def _unauthorised(match: re.Match[str], place: str) -> TargetError:
    del match
    return TargetError(f"{place} has not allowed this computer to debug it (unauthorized)", hint=TAP)


def _offline(match: re.Match[str], place: str) -> TargetError:
    serial = place.removeprefix("adb:")
    del match
    again = f"adb disconnect {serial}, then adb connect {serial}" if ":" in serial else "adb reconnect offline"
    return TargetError(
        f"{place} is offline: it is known and does not answer",
        hint=f"Unlock the phone, and pull the cable out and in. Then: {again}",
    )


def _permissions(match: re.Match[str], place: str) -> TargetError:
    del match
    return TargetError(f"this user may not open the USB device of {place}", hint=f"{UDEV}.")


def _busy_port(match: re.Match[str], place: str) -> TargetError:
    del place
    return TargetError(
        f"adb's server does not start: {last_line(match.string)}",
        hint="Does another program listen on port 5037? See: ss -ltnp 'sport = 5037'. Another port: "
        "export ANDROID_ADB_SERVER_PORT=5038",
    )


def _version(match: re.Match[str], place: str) -> TargetError:
    del place
    return TargetError(
        f"adb's server is of another version than {match[1]}, and two of them replace each other",
        hint="Have one adb only: close Android Studio and other tools with an adb of their own, "
        "then type: adb kill-server",
    )


def _refused(match: re.Match[str], place: str) -> TargetError:
    return TargetError(
        f"{place} cannot be connected to: {last_line(match.string)}",
        hint="On the phone: Developer options, Wireless debugging, on; it shows address and port. "
        "The first time: adb pair HOST:PAIRING-PORT, with the code it shows.",
    )


def _full(match: re.Match[str], place: str) -> TargetError:
    del match
    return TargetError(
        f"{place} has no space left in /data/local/tmp",
        hint="Free some space on the phone, or remove what was left there: adb shell ls /data/local/tmp",
    )


def _read_only(match: re.Match[str], place: str) -> TargetError:
    return TargetError(
        f"{place} lets nothing be written to /data/local/tmp: {last_line(match.string)}",
        hint="Is its storage read-only or damaged? Restart the phone, then try: adb shell touch /data/local/tmp/x",
    )


_Make = Callable[[re.Match[str], str], TargetError]
_FAULTS: tuple[tuple[str, _Make], ...] = (
    (r"unauthorized|vendor_keys|failed to authenticate", _unauthorised),
    (r"device offline|still (connecting|authorizing)", _offline),
    (r"insufficient permissions|no permissions", _permissions),
    (r"server version \(\d+\) doesn't match this client \((\d+)\)", _version),
    (
        r"cannot (connect to daemon|bind)|failed to (start daemon|initialize)|Address already in use|smartsocket|"
        r"didn't ACK|failed to check server",
        _busy_port,
    ),
    (r"No space left|Disk quota|File too large", _full),
    (r"Read-only file system|couldn't create file|Permission denied|secure_mkdirs", _read_only),
    (r"failed to connect|cannot connect to|connection refused|failed to resolve|timed out", _refused),
)
