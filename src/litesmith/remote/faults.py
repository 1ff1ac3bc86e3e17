"""What ssh says when it cannot connect, as errors with a remedy. The one place that reads its messages."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable

from litesmith.core.errors import TargetError
from litesmith.remote.address import Address


class Unreachable(TargetError):
    """The machine is not there, or no longer; trying again may help."""


class Dropped(Exception):
    """The connection was lost under a command; what it did is not known."""


class Wordless(TargetError):
    """A command ended without telling its exit code, over a connection that stands."""


def fault_of(said: str, address: Address, *, config: str = "") -> TargetError:
    """Return the error for what ssh printed to its error stream.

    Args:
        said: What it printed; may be empty.
        address: Where it was to connect to.
        config: File given to `ssh -F`.
    """
    for pattern, make in _FAULTS:
        match = re.search(pattern, said, re.IGNORECASE)
        if match is not None:
            return make(match, address, config)
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    last = f": {lines[-1][:300]}" if lines else ""
    return TargetError(
        f"ssh could not connect to {address}{last}",
        hint=f"Try what ssh itself does: {address.command(config=config)}",
    )


def lost(label: str, doing: str) -> Unreachable:
    """Return the error of a connection that was lost for good."""
    return Unreachable(
        f"the connection to {label} was lost {doing}",
        hint="Check power and network of the board, then type the command again.",
    )


def forgotten(label: str) -> TargetError:
    """Return the error of a machine that was away for so long that it has removed what was sent."""
    return TargetError(f"{label} was away for too long and has removed what was sent", hint="Type the command again.")


def no_folder(said: str, label: str) -> TargetError:
    """Return the error of a machine on which no folder could be made, from what its shell said."""
    last = (said.strip().splitlines() or ["no message"])[-1]
    if "No space left" in said or "quota" in said.lower():
        return TargetError(f"the disk of {label} is full: not even a folder can be made", hint="Free some space there.")
    return TargetError(
        f"no folder can be made below ~/.cache on {label}: {last[:200]}",
        hint="Its user needs a home folder that it can write to.",
    )


def _not_found(match: re.Match[str], address: Address, config: str) -> TargetError:
    del match, config
    return Unreachable(
        f"host '{address.host}' was not found",
        hint="Check the name; names ending in .local need mDNS (avahi) here and there, the number always works.",
    )


def _refused(match: re.Match[str], address: Address, config: str) -> TargetError:
    del match, config
    return Unreachable(
        f"{address} refused the connection: nothing listens there",
        hint="Is ssh switched on there (sudo systemctl enable --now ssh), and is it this port?",
    )


def _no_route(match: re.Match[str], address: Address, config: str) -> TargetError:
    del config
    return Unreachable(
        f"{address} does not answer ({match[0].strip().lower()})",
        hint="Is the board switched on and in the same network?",
    )


def _changed(match: re.Match[str], address: Address, config: str) -> TargetError:
    said = match.string
    name = re.search(r"Host key for (\S+) has changed", said)
    file = re.search(r"Offending \S+ key in (.+):\d+", said)
    fingerprint = re.search(r"SHA256:[A-Za-z0-9+/]+", said)
    forget = ["ssh-keygen", *(["-f", file[1]] if file else []), "-R", name[1] if name else address.host]
    return TargetError(
        f"the host key of {address} has changed{f' to {fingerprint[0]}' if fingerprint else ''}: "
        "another machine, a new installation, or somebody in between",
        hint=f"If you know why: {shlex.join(forget)}, then {address.command(config=config)} "
        "and compare the fingerprint.",
    )


def _unknown(match: re.Match[str], address: Address, config: str) -> TargetError:
    del match
    return TargetError(
        f"the host key of {address} is not known here, and unknown keys are refused",
        hint=f"Type {address.command(config=config)} once, and answer yes if the fingerprint is that of "
        "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub on the board.",
    )


def _denied(match: re.Match[str], address: Address, config: str) -> TargetError:
    del match
    copy = address.command("ssh-copy-id", config=config)
    return TargetError(
        f"{address} accepts none of your keys; passwords are never asked for",
        hint=f"Copy your key there: {copy} (make one with ssh-keygen), or load it with ssh-add.",
    )


def _open_key(match: re.Match[str], address: Address, config: str) -> TargetError:
    del address, config
    return TargetError(
        f"ssh does not use key {match[1]}: other users may read it",
        hint=f"Type: {shlex.join(['chmod', '600', match[1]])}",
    )


def _bad_config(match: re.Match[str], address: Address, config: str) -> TargetError:
    del address, config
    return TargetError(f"ssh refuses its settings: {match[0].strip()[:300]}", hint="Correct your ssh_config.")


def _negotiate(match: re.Match[str], address: Address, config: str) -> TargetError:
    del config
    return TargetError(
        f"ssh and {address} have no {match[1]} in common", hint="Update the board, or see: ssh -Q help and ssh_config."
    )


def _closed(match: re.Match[str], address: Address, config: str) -> TargetError:
    del match, config
    return Unreachable(
        f"{address} ended the connection before anybody was logged in",
        hint="It may be starting, too busy, or refuse this address (hosts.deny, fail2ban). Try again in a minute.",
    )


_Make = Callable[[re.Match[str], Address, str], TargetError]
_FAULTS: tuple[tuple[str, _Make], ...] = (
    (r"Could not resolve hostname", _not_found),
    (r"REMOTE HOST IDENTIFICATION HAS CHANGED|Host key for .* has changed", _changed),
    (r"host key is known for|Host key verification failed", _unknown),
    (r"Permissions \d+ for '([^'\n]*)' are too open", _open_key),
    (r"Permission denied|Too many authentication failures|No supported authentication methods", _denied),
    (
        r"[^\n]*Bad configuration option[^\n]*|[^\n]*terminating, \d+ bad config[^\n]*|Can't open user config[^\n]*",
        _bad_config,
    ),
    (r"Unable to negotiate with .*: no matching ([a-z ]+) found", _negotiate),
    (r"Connection refused", _refused),
    (r"Connection timed out|Operation timed out|No route to host|Network is unreachable|Host is down", _no_route),
    (r"Connection (closed|reset) by|kex_exchange_identification|banner exchange", _closed),
)
