"""A real OpenSSH server on loopback, run as the current user with another home, and a line to it that can be cut."""

from __future__ import annotations

import contextlib
import getpass
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

PATHS = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def make_key(path: Path) -> Path:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True, capture_output=True)
    return path


def sshd() -> str | None:
    return shutil.which("sshd", path=PATHS)


def start_board(folder: Path) -> Server:
    """Start a server on which `python3` is the Python of the tests, so that it imports the runtime."""
    board = Server(folder)
    board.login(f"PATH={shlex.quote(str(Path(sys.executable).parent))}:/usr/bin:/bin")
    board.start()
    return board


@dataclass
class Server:
    """An sshd whose sessions have `home` as their home and run `login` first, a shell fragment."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        self.home.mkdir(parents=True)
        for name in ("host_key", "user_key"):
            make_key(self.folder / name)
        shutil.copyfile(self.folder / "user_key.pub", self.folder / "authorized_keys")
        self.login("")
        force = self.folder / "force"
        lines = ["#!/bin/sh", f"export HOME={shlex.quote(str(self.home))}", "cd", "command=$SSH_ORIGINAL_COMMAND"]
        lines += ["unset SSH_ORIGINAL_COMMAND", f". {shlex.quote(str(self.folder / 'login'))}"]
        force.write_text("\n".join([*lines, 'exec sh -c "$command"', ""]))
        force.chmod(0o755)
        settings = {
            "Port": self.port,
            "ListenAddress": "127.0.0.1",
            "HostKey": self.folder / "host_key",
            "AuthorizedKeysFile": self.folder / "authorized_keys",
            "ForceCommand": force,
            "PidFile": "none",
            "UsePAM": "no",
            "StrictModes": "no",
            "PasswordAuthentication": "no",
            "KbdInteractiveAuthentication": "no",
            "PermitRootLogin": "yes",
            "MaxStartups": "100",
            "Subsystem": "sftp internal-sftp",
        }
        (self.folder / "sshd_config").write_text("".join(f"{key} {value}\n" for key, value in settings.items()))
        self.know(self.port)

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def login(self, fragment: str) -> None:
        """Set what the shell of each session does first."""
        (self.folder / "login").write_text(fragment + "\n")

    def know(self, *ports: int, key: str = "host_key") -> None:
        """Make the host key known under these ports."""
        kind, text = (self.folder / f"{key}.pub").read_text().split()[:2]
        known = self.folder / "known_hosts"
        known.write_text("".join(f"[127.0.0.1]:{port} {kind} {text}\n" for port in ports))

    def config(self, *, port: int = 0, **options: object) -> Path:
        """Write a file for `ssh -F` in which this server is `board`."""
        lines = {
            "HostName": "127.0.0.1",
            "Port": port or self.port,
            "User": getpass.getuser(),
            "IdentityFile": self.folder / "user_key",
            "IdentitiesOnly": "yes",
            "IdentityAgent": "none",
            "UserKnownHostsFile": self.folder / "known_hosts",
            "GlobalKnownHostsFile": "none",
            **options,
        }
        path = self.folder / "ssh_config"
        path.write_text("Host board\n" + "".join(f"  {key} {value}\n" for key, value in lines.items()))
        return path

    def start(self) -> None:
        program = sshd()
        assert program is not None
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)  # sshd insists when root starts it
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [program, "-D", "-e", "-f", self.folder / "sshd_config"], stderr=log, stdin=subprocess.DEVNULL
            )
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        raise RuntimeError((self.folder / "log").read_text())

    def children(self) -> list[int]:
        """Return the server's own processes: one or two for each connection."""
        assert self.process is not None
        found, ahead = [], [self.process.pid]
        while ahead:
            parent = ahead.pop()
            for task in Path(f"/proc/{parent}/task").glob("*/children"):
                with contextlib.suppress(OSError):
                    for pid in map(int, task.read_text().split()):
                        if Path(f"/proc/{pid}/comm").read_text().startswith("sshd"):
                            found.append(pid)
                            ahead.append(pid)
        return found

    def signal_connections(self, number: signal.Signals) -> None:
        """Send a signal to what serves the connections, the processes that this server started."""
        for pid in self.children():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def stop(self) -> None:
        if self.process is not None:
            self.signal_connections(signal.SIGKILL)
            self.process.kill()
            self.process.wait()

    def marked(self, variable: str = "LITESMITH_") -> list[str]:
        """Return processes in this home with such a variable; with `LITESMITH_RUN`, those that sessions run."""
        found = []
        for place in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                environment = (place / "environ").read_bytes().split(b"\0")
                line = (place / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                marked = any(entry.startswith(variable.encode()) for entry in environment)
                if marked and line and f"HOME={self.home}".encode() in environment:
                    found.append(line)
        return found

    def left(self) -> list[str]:
        """Return what is in the home. It may be removed meanwhile, which `Path.rglob` does not forgive."""
        found = [Path(place) / name for place, folders, files in os.walk(self.home) for name in (*folders, *files)]
        return sorted(str(path.relative_to(self.home)) for path in found)


class Line:
    """A line to a server that can be cut, for good or after some bytes."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.cut_after: list[int] = []
        """Bytes to the server after which each next connection is cut; those beyond the list are not."""
        self.connections = 0
        self.down = False
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            if self.down:
                near.close()
                continue
            limit = self.cut_after.pop(0) if self.cut_after else None
            far = socket.create_connection(("127.0.0.1", self._port))
            self._open += [near, far]
            threading.Thread(target=self._carry, args=(near, far, limit), daemon=True).start()
            threading.Thread(target=self._carry, args=(far, near, None), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket, limit: int | None) -> None:
        carried = 0
        with contextlib.suppress(OSError):
            while chunk := source.recv(16384):
                carried += len(chunk)
                if limit is not None and carried > limit:
                    break
                sink.sendall(chunk)
        self._end(source, sink)

    @staticmethod
    def _end(*sockets: socket.socket) -> None:
        for one in sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def cut(self) -> None:
        """Cut every connection there is."""
        ended, self._open = self._open, []
        self._end(*ended)

    def close(self) -> None:
        self.down = True
        self._end(self._listener)
        self.cut()
