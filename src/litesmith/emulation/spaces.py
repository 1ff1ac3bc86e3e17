"""Calls `namespace.py`: a command to its end, or a board that stays."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from litesmith.core.errors import TargetError
from litesmith.emulation.needs import Qemu

SCRIPT = Path(__file__).with_name("namespace.py")
_MADE_NOTHING = 125
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
HOST_NAME = "raspberrypi"


def inside(
    root: Path,
    command: Sequence[str],
    *,
    qemu: Qemu,
    environment: Mapping[str, str],
    binds: Sequence[tuple[str, str]] = (),
    offline: bool = False,
) -> dict[str, Any]:
    """Return the request to run a command in a root, whose programs are handed to qemu.

    Args:
        root: Folder with the file system.
        command: Program there and its arguments.
        qemu: What runs ARM64 programs.
        environment: Variables beside PATH.
        binds: Folders of this machine and where the root shows them, read-only.
        offline: Whether it has no network.
    """
    return {
        "command": list(command),
        "environment": {"PATH": _PATH, "LANG": "C.UTF-8", **environment},
        "root": str(root),
        "hostname": HOST_NAME,
        "run": ["sshd"],
        "interpreter": str(qemu.path),
        "binds": [list(pair) for pair in binds],
        "offline": offline,
    }


def outside(command: Sequence[str]) -> dict[str, Any]:
    """Return the request to run a command of this machine as root of a namespace, whose files are then its users'."""
    return {"command": list(command), "environment": dict(os.environ) | {"PATH": _PATH}}


def run(
    request: Mapping[str, Any],
    what: str,
    *,
    timeout_s: float,
    on_line: Callable[[str], None] | None = None,
    merged: bool = False,
) -> None:
    """Run a request to its end, with one call of `on_line` per line it prints.

    However this call ends, nothing of the request goes on afterwards.

    Args:
        request: See `inside` and `outside`.
        what: What it is, for messages.
        timeout_s: Ended after this many seconds.
        on_line: Told each line.
        merged: Lines on standard error count as printed, too.

    Raises:
        TargetError: namespaces cannot be made, the command failed, or took longer than `timeout_s`.
    """
    last: deque[str] = deque(maxlen=50)
    with tempfile.TemporaryFile(mode="w+", encoding="utf-8", errors="replace") as errors:
        process = subprocess.Popen(
            [sys.executable, "-I", str(SCRIPT), json.dumps({**request, "end_with_parent": True})],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if merged else errors,
            start_new_session=True,  # so that Ctrl-C reaches it through us only, once
        )
        late = threading.Event()

        def stop() -> None:
            late.set()
            process.terminate()

        watchdog = threading.Timer(timeout_s, stop)
        watchdog.start()
        try:
            assert process.stdout is not None
            for raw in process.stdout:
                last.append(raw.decode("utf-8", "replace").rstrip("\n"))
                if on_line is not None:
                    on_line(last[-1])
            code = process.wait()
        finally:
            watchdog.cancel()
            _end(process)
        if late.is_set():
            raise TargetError(f"{what} took longer than {timeout_s:g} s and was ended", hint="Try again.")
        if code != 0:
            errors.seek(0)
            raise failure(what, code, "\n".join(last) if merged else errors.read())


def launch(request: Mapping[str, Any], log: Path) -> int:
    """Start a request that stays when this process ends, and return the id of its process.

    Raises:
        TargetError: it cannot be started.
    """
    command = [sys.executable, "-I", str(SCRIPT), json.dumps({**request, "log": str(log)})]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False
        )
        return int(done.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise TargetError(f"a process of its own cannot be started: {error}", hint="Try again.") from error


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and all of its namespace, and wait until they are gone."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process.stdout is not None:
        process.stdout.close()


def failure(what: str, code: int, errors: str) -> TargetError:
    """Return the error of a request that ended with a code (0 where it is not known) and these lines of messages."""
    lines = [line for line in errors.strip().splitlines() if line.strip()] or ["no message"]
    if code in (0, _MADE_NOTHING) and lines[-1].startswith("namespace: "):
        step, _, reason = lines[-1].removeprefix("namespace: ").partition(": ")
        return TargetError(f"{what}: this machine does not let namespaces be made ({step}: {reason})", hint=_hint(step))
    notable = [line for line in lines if line.startswith("E:")] or lines
    with_code = f" with code {code}" if code else ""
    return TargetError(f"{what} failed{with_code}: {notable[-1][:300]}", hint="Try again; see the message.")


def _hint(step: str) -> str:
    if step.startswith("mount proc") or step.startswith("mount binfmt"):
        return "In a container, run it with an unmasked /proc (Docker: --privileged), or use the machine itself."
    if step.startswith("register"):
        return "Check that the program exists and may be run."
    return (
        "Run as root, or allow user namespaces: sysctl user.max_user_namespaces must not be 0, and on Ubuntu "
        "kernel.apparmor_restrict_unprivileged_userns must be 0."
    )
