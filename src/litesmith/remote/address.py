"""Names of hosts as people type them: `host`, `user@host`, `user@host:port`, `[::1]:port`, an alias of ssh_config."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from litesmith.core.errors import UserError

_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*\Z")
_HOST = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\Z")
_IPV6 = re.compile(r"[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(%[A-Za-z0-9_.-]+)?\Z")
_PORT = re.compile(r"[0-9]{1,5}\Z")
_HINT = (
    "Write it like pi@raspberrypi.local, pi@192.168.1.20:2222, pi@[fe80::1], or the name of a host in your ssh_config."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a machine is.

    Attributes:
        user: Empty for the one ssh chooses.
        host: Name, alias or number, without brackets.
        port: 0 for the one ssh chooses.
    """

    user: str
    host: str
    port: int

    def __str__(self) -> str:
        """Return it as it is typed."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (f"{self.user}@" if self.user else "") + host + (f":{self.port}" if self.port else "")

    def arguments(self) -> list[str]:
        """Return it as arguments of ssh, to stand behind all options."""
        port = ["-p", str(self.port)] if self.port else []
        user = ["-l", self.user] if self.user else []
        return [*port, *user, "--", self.host]

    def command(self, program: str = "ssh", *, config: str = "") -> str:
        """Return the command to type for it, such as `ssh -p 2222 pi@board`."""
        port = ["-p", str(self.port)] if self.port else []
        place = (f"{self.user}@" if self.user else "") + self.host
        return shlex.join([program, *(["-F", config] if config else []), *port, place])


def parse_address(text: str) -> Address:
    """Return the address of its text.

    >>> parse_address("pi@[fe80::1%eth0]:2222")
    Address(user='pi', host='fe80::1%eth0', port=2222)

    Raises:
        UserError: a part is empty or has characters that names do not have, such as spaces, quotes or semicolons.
    """
    shown = repr(text)
    if not text:
        raise UserError("no host was given", hint=_HINT)
    before, at, place = text.rpartition("@")
    if at and not _USER.match(before):
        raise UserError(f"{shown} has no valid user in front of the @", hint=_HINT)
    if place.startswith("["):
        host, bracket, rest = place[1:].partition("]")
        valid = bool(bracket) and bool(_IPV6.match(host)) and (not rest or rest.startswith(":"))
        colon, port = rest[:1], rest[1:]
    else:
        host, colon, port = place.partition(":")
        if ":" in port and _IPV6.match(place):
            raise UserError(f"{shown} is an IPv6 address without brackets", hint=f"Write it like [{place}].")
        valid = bool(_HOST.match(host))
    if not valid:
        raise UserError(f"{shown} names no valid host", hint=_HINT)
    if colon and not (_PORT.match(port) and 0 < int(port) < 65536):
        raise UserError(f"{shown} has no valid port behind the colon; ports are 1 to 65535", hint=_HINT)
    return Address(user=before, host=host, port=int(port) if colon else 0)
