"""Keys and configurations of SSH, of the board's server and of who logs in. Nothing of the user's own is touched."""

from __future__ import annotations

import subprocess
from pathlib import Path

from litesmith.core.errors import TargetError
from litesmith.core.files import write_text
from litesmith.emulation.boards import Board
from litesmith.emulation.store import Place

SERVER_CONFIG = "etc/ssh/sshd_litesmith"
_HOST_KEY = "etc/ssh/ssh_host_ed25519_key"
_SERVER = """HostKey /{key}
ListenAddress 127.0.0.1
AllowUsers pi
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PidFile none
Subsystem sftp /usr/lib/openssh/sftp-server
SetEnv QEMU_CPU={cpu}
"""
_CLIENT = """Host {alias}
  HostName 127.0.0.1
  Port {port}
  User pi
  IdentityFile "{folder}/id"
  IdentitiesOnly yes
  IdentityAgent none
  UserKnownHostsFile "{folder}/known_hosts"
  GlobalKnownHostsFile /dev/null
  HostKeyAlias {alias}
  StrictHostKeyChecking yes
"""


def alias(board: Board) -> str:
    """Return the name that the client's configuration knows a board by."""
    return f"virtual-pi-{board.number}"


def write_server(folder: Path, board: Board) -> None:
    """Make the keys of a board whose files are in `folder`, and the configuration of its server.

    Raises:
        TargetError: a key cannot be made.
    """
    root = folder / "root"
    make_key(folder / "id")
    (root / _HOST_KEY).unlink(missing_ok=True)
    make_key(root / _HOST_KEY)
    public = (root / f"{_HOST_KEY}.pub").read_text(encoding="ascii").split()
    write_text(folder / "known_hosts", f"{alias(board)} {public[0]} {public[1]}\n")
    keys = root / "home/pi/.ssh/authorized_keys"
    keys.write_bytes((folder / "id.pub").read_bytes())
    keys.chmod(0o600)
    (root / SERVER_CONFIG).write_text(_SERVER.format(key=_HOST_KEY, cpu=board.cpu), encoding="ascii")


def make_key(file: Path) -> None:
    """Make a key without a passphrase.

    Raises:
        TargetError: it cannot be made.
    """
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "litesmith virtual Pi", "-f", str(file)]
    try:
        subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=True, errors="replace"
        )
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", "") or str(error)
        raise TargetError(
            f"ssh-keygen made no key: {said.strip()[:300]}", hint="Check the disk, and try again."
        ) from error


def write_client(place: Place, port: int) -> None:
    """Write the configuration that reaches a running board: `ssh -F FILE ALIAS`.

    Raises:
        OutputError: it cannot be written.
    """
    folder = str(place.folder).replace("%", "%%")
    write_text(place.ssh_config, _CLIENT.format(alias=alias(place.board), port=port, folder=folder))


def login(place: Place) -> tuple[str, ...]:
    """Return the command that logs in."""
    return ("ssh", "-F", str(place.ssh_config), alias(place.board))
