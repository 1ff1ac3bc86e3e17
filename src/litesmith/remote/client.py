"""How ssh is called: argument lists, the options that make it safe to call from a program, its patience."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from litesmith.core.elsewhere import quoted
from litesmith.core.errors import MissingExtraError, TargetError, UserError
from litesmith.remote.address import Address

CONFIG_VARIABLE = "LITESMITH_SSH_CONFIG"
"""Names a file that is given to `ssh -F` in place of the user's own."""


_LONGEST_SOCKET = 85
"""Sockets have 107 bytes for their path, and ssh adds 17 while it makes one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long things may take.

    Attributes:
        connect_s: Until the machine has answered and somebody is logged in.
        alive_interval_s: Between two questions whether it is still there.
        alive_count: How many may stay without an answer; then the connection is dead.
        answer_s: Until a short command has ended.
        stall_s: Without a byte more while copying.
        pauses_s: Before each try to connect anew.
        grace_s: How long the machine keeps what was sent after a connection was lost: longer than all tries to connect.
    """

    connect_s: int = 15
    alive_interval_s: int = 10
    alive_count: int = 3
    answer_s: float = 120.0
    stall_s: float = 60.0
    pauses_s: tuple[float, ...] = (1.0, 2.0, 4.0, 8.0, 15.0)
    grace_s: int = 240


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Builds command lines of ssh to one machine.

    Attributes:
        address: Where it is.
        socket: Of the shared connection; a short path in a private folder.
        config: File for `ssh -F`; empty for the user's own.
        patience: How long things may take.
    """

    address: Address
    socket: Path
    config: str
    patience: Patience

    def master(self, command: Sequence[str]) -> list[str]:
        """Return the command that opens the shared connection and runs `command` over it."""
        return self._command(["-o", "ControlMaster=yes"], command)

    def over_it(self, command: Sequence[str]) -> list[str]:
        """Return the command that runs `command` over the shared connection, and never over one of its own."""
        return self._command(["-o", "ControlMaster=no", "-o", "ProxyCommand=false"], command)

    def _command(self, options: list[str], command: Sequence[str]) -> list[str]:
        wanted = {
            "BatchMode": "yes",  # never asks: no password, no yes or no
            "StrictHostKeyChecking": "yes",
            "UpdateHostKeys": "no",
            "ConnectTimeout": self.patience.connect_s,
            "ConnectionAttempts": 1,
            "ServerAliveInterval": self.patience.alive_interval_s,
            "ServerAliveCountMax": self.patience.alive_count,
            "ControlPersist": "no",
            "ClearAllForwardings": "yes",
            "ForwardAgent": "no",
            "ForwardX11": "no",
            "PermitLocalCommand": "no",
            "RemoteCommand": "none",
            "LogLevel": "ERROR",
        }
        config = ["-F", self.config] if self.config else []
        settings = [part for name, value in wanted.items() for part in ("-o", f"{name}={value}")]
        socket = ["-S", str(self.socket).replace("%", "%%")]  # ssh replaces what begins with one
        return ["ssh", *config, "-T", *socket, *options, *settings, *self.address.arguments(), quoted(command)]


def config_file() -> str:
    """Return the file for `ssh -F` that the environment names, or nothing.

    Raises:
        UserError: there is no such file.
    """
    name = os.environ.get(CONFIG_VARIABLE, "")
    if name and not Path(name).is_file():
        raise UserError(f"{CONFIG_VARIABLE} names {name}, which is no file", hint=f"Unset {CONFIG_VARIABLE}.")
    return name


def not_started(error: OSError) -> TargetError | MissingExtraError:
    """Return the error of an ssh that could not be started."""
    if isinstance(error, FileNotFoundError):
        return MissingExtraError("there is no ssh here", hint="Type: sudo apt install openssh-client")
    return TargetError(f"ssh could not be started: {error.strerror or error}", hint="Try: ssh -V")


def private_folder() -> Path:
    """Return a new folder that nobody else can enter, with a path short enough for a socket in it."""
    folder = Path(tempfile.mkdtemp(prefix="litesmith-"))
    if len(str(folder)) > _LONGEST_SOCKET:
        folder.rmdir()
        folder = Path(tempfile.mkdtemp(prefix="litesmith-", dir="/var/tmp"))
    return folder
