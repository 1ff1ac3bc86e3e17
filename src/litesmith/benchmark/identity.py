"""Which machine a session is on, so that two sessions on one machine are not measured at the same time."""

from __future__ import annotations

from litesmith.core.errors import LitesmithError
from litesmith.core.target import RunsPrograms, Session

BOOT_ID = "/proc/sys/kernel/random/boot_id"
_LENGTH = 36
_TIMEOUT_S = 60.0


def machine_id(session: Session | LitesmithError) -> str:
    """Return what the kernel calls this boot of the machine; empty where it cannot be asked.

    Containers, hosts reached over loopback and boards emulated in user mode share the kernel, and so the answer.
    A phone that does not let it be read is known by its serial.
    """
    if isinstance(session, LitesmithError):
        return ""
    lines: list[str] = []
    try:
        session.run(["cat", BOOT_ID], on_line=lines.append, timeout_s=_TIMEOUT_S)
    except LitesmithError:
        return ""  # the same error comes again when it is measured
    found = next((line.strip() for line in lines if len(line.strip()) == _LENGTH), "")
    if found or not isinstance(session, RunsPrograms):
        return found
    try:
        return f"phone {session.phone().serial}"
    except LitesmithError:
        return ""
