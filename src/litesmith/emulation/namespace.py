"""Runs a command in private namespaces, with ARM64 programs handed to qemu. A script of its own: standard library only.

    python3 -I namespace.py REQUEST

The request is a JSON object:

    {"command": [...], "environment": {...},          what to run
     "end_with_parent": true,                         also when the caller is killed
     "log": "/...",                                   or stays: prints its process id, and the rest goes to this file
     "root": "/...", "hostname": "...", "run": [...], folder to run it in as /, its name, folders to make in its /run
     "interpreter": "/usr/bin/qemu-aarch64",          runs ARM64 programs there
     "binds": [["/here", "there"], ...],              folders of this machine shown in the root, read-only
     "offline": true}                                 with a network of its own that leads nowhere

Without `root` the command sees the file system as it is. User, mount, process and host name namespaces are private:
what is mounted and registered here exists for these processes only, and ends with them. The network is shared unless
`offline` is set.

Users of the namespace are this machine's users of the same number where the caller is root. Else the caller is its
root and the other users come from the caller's range in /etc/subuid, which `newuidmap` maps.

Exit code: that of the command, 128 + n when signal n ended it, or 125 with one line `namespace: STEP: REASON` on
standard error when a namespace could not be made.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import pwd
import select
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

NEW_MOUNTS, NEW_NAMES, NEW_USERS, NEW_PROCESSES, NEW_NETWORK = 0x20000, 0x4000000, 0x10000000, 0x20000000, 0x40000000
READ_ONLY, NO_SETUID, NO_DEVICES, REMOUNT, BIND, RECURSIVE, PRIVATE = 1, 2, 4, 32, 4096, 16384, 1 << 18
DETACH = 2
DEATH_SIGNAL = 1
FAILED = 125
USERS = 65536
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
LINKS = {"fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2", "ptmx": "pts/ptmx"}
# The first bytes of an ELF file: 64-bit, little-endian, program or shared object, for AArch64 (183).
MAGIC = rb"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00"
MASK = rb"\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff"

LIBC = ctypes.CDLL(None, use_errno=True)


def give_up(step: str, reason: object) -> NoReturn:
    """Say what could not be done, and end."""
    text = os.strerror(reason.errno) if isinstance(reason, OSError) and reason.errno else str(reason)
    sys.stderr.write(f"namespace: {step}: {text}\n")
    sys.stderr.flush()
    os._exit(FAILED)


def call(step: str, function: str, *arguments: Any) -> None:
    """Call a function of the C library that gives 0 on success."""
    if getattr(LIBC, function)(*arguments) != 0:
        give_up(step, OSError(ctypes.get_errno(), function))


def mount(source: str, target: Path, kind: str, flags: int = 0, options: str = "") -> None:
    """Mount a file system."""
    call(
        f"mount {kind or 'bind'} at {target}",
        "mount",
        source.encode(),
        os.fsencode(target),
        kind.encode() or None,
        ctypes.c_ulong(flags),
        options.encode() or None,
    )


def sub_range(file: Path) -> tuple[int, int]:
    """Return first and count of the caller's range in /etc/subuid or /etc/subgid; (0, 0) without one."""
    names = {str(os.getuid())}
    with contextlib.suppress(KeyError):
        names.add(pwd.getpwuid(os.getuid()).pw_name)
    with contextlib.suppress(OSError, ValueError):
        for line in file.read_text(encoding="utf-8").splitlines():
            name, first, count = line.split(":")
            if name in names:
                return int(first), int(count)
    return 0, 0


def map_users(pid: int) -> str:
    """Give the namespace of a process its users and groups; return what went wrong, empty when nothing did."""
    for kind, own in (("uid", os.getuid()), ("gid", os.getgid())):
        if os.geteuid() == 0:
            try:
                Path(f"/proc/{pid}/{kind}_map").write_text(f"0 0 {USERS}\n", encoding="ascii")
            except OSError as error:
                return f"cannot map users: {error.strerror}"
            continue
        first, count = sub_range(Path(f"/etc/sub{kind}"))
        if count < USERS - 1:
            return f"/etc/sub{kind} gives this user no range of {USERS} ids"
        command = [f"new{kind}map", str(pid), "0", str(own), "1", "1", str(first), str(USERS - 1)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"new{kind}map cannot be run: {error}"
        if done.returncode != 0:
            return f"new{kind}map failed: {(done.stderr.strip().splitlines() or ['no message'])[-1]}"
    return ""


def unshare(*, offline: bool) -> None:
    """Put this process into namespaces of its own; a child of it, still outside, maps the users."""
    ready, tell = os.pipe()
    answer, say = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(tell)
        problem = map_users(os.getppid()) if os.read(ready, 1) else "the caller ended"
        os.write(say, (problem or "ok").encode())
        os._exit(0)
    os.close(say)
    network = NEW_NETWORK if offline else 0
    call("make namespaces", "unshare", NEW_USERS | NEW_MOUNTS | NEW_PROCESSES | NEW_NAMES | network)
    os.write(tell, b"x")
    said = os.read(answer, 4096).decode()
    os.waitpid(child, 0)
    for end in (ready, tell, answer):
        os.close(end)
    if said != "ok":
        give_up("map users", said or "no answer")
    try:
        os.setgroups([])
        os.setgid(0)
        os.setuid(0)
    except OSError as error:
        give_up("become root of the namespace", error)
    call("keep mounts private", "mount", None, b"/", None, ctypes.c_ulong(RECURSIVE | PRIVATE), None)


def fill_devices(root: Path) -> None:
    """Give a root the few devices that programs expect, a terminal multiplexer of its own, and /proc."""
    dev = root / "dev"
    mount("tmpfs", dev, "tmpfs", NO_SETUID, "mode=755,size=64k")
    for name in DEVICES:
        (dev / name).touch()
        mount(f"/dev/{name}", dev / name, "", BIND)
    for name, options in (("pts", "newinstance,ptmxmode=0666,mode=620"), ("shm", "mode=1777")):
        (dev / name).mkdir()
        mount(name, dev / name, "devpts" if name == "pts" else "tmpfs", NO_SETUID, options)
    for name, place in LINKS.items():
        (dev / name).symlink_to(place)
    mount("proc", root / "proc", "proc", NO_SETUID | NO_DEVICES)
    mount("tmpfs", root / "run", "tmpfs", NO_SETUID | NO_DEVICES, "mode=755")


def register(interpreter: str, root: Path) -> None:
    """Have ARM64 programs of this namespace run by an interpreter, which is opened now and needs no place in the root.

    Flags: O and C open the program before and take its rights from it, F opens the interpreter at once.
    """
    place = root / "proc/sys/fs/binfmt_misc"
    mount("binfmt_misc", place, "binfmt_misc")
    line = b":litesmith:M::" + MAGIC + b":" + MASK + b":" + os.fsencode(interpreter) + b":OCF\n"
    try:
        (place / "register").write_bytes(line)
    except OSError as error:
        give_up(f"register {interpreter}", error)


def enter(request: dict[str, Any]) -> None:
    """Make a folder the root of this process, with devices, names and the interpreter in place."""
    root = Path(request["root"])
    mount(str(root), root, "", BIND | RECURSIVE)
    fill_devices(root)
    for source, place in request.get("binds", ()):
        (root / place).mkdir(parents=True, exist_ok=True)
        mount(source, root / place, "", BIND)
        mount(source, root / place, "", BIND | REMOUNT | READ_ONLY | NO_SETUID)
    for name in request.get("run", ()):
        (root / "run" / name).mkdir(mode=0o755)
    register(request["interpreter"], root)
    name = os.fsencode(request["hostname"])
    call("set the host name", "sethostname", name, ctypes.c_size_t(len(name)))
    os.chdir(root)
    call("change the root", "pivot_root", b".", b".")
    call("leave the old root", "umount2", b".", DETACH)
    os.chdir("/")


def first_process(request: dict[str, Any], parent_lives: int) -> NoReturn:
    """Be process 1 of the namespace: run the command, reap what is left behind, end when the command ends."""
    call("end with the parent", "prctl", DEATH_SIGNAL, signal.SIGKILL)
    if select.select([parent_lives], [], [], 0)[0]:
        os._exit(FAILED)
    try:
        if request.get("root"):
            enter(request)
        else:
            mount("proc", Path("/proc"), "proc", NO_SETUID | NO_DEVICES)
    except OSError as error:
        give_up(f"prepare {error.filename or 'the root'}", error)
    child = os.fork()
    if child == 0:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        command: Sequence[str] = request["command"]
        try:
            os.execvpe(command[0], list(command), request["environment"])  # noqa: S606 - no shell is the point
        except OSError as error:
            give_up(f"run {command[0]}", error)
    while True:
        ended, status = os.wait()
        if ended == child:
            code = os.waitstatus_to_exitcode(status)
            os._exit(code if code >= 0 else 128 - code)


def stay(log: str) -> None:
    """Go on in a process that outlives the caller and prints to a file; this one says which, and ends."""
    child = os.fork()
    if child:
        print(child, flush=True)
        os._exit(0)
    os.setsid()
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
    os.dup2(handle, 1)
    os.dup2(handle, 2)


def main() -> int:
    """Run the request and return the exit code."""
    request = json.loads(sys.argv[1])
    caller = os.getppid()
    if request.get("log"):
        stay(request["log"])
    unshare(offline=request.get("offline", False))
    if request.get("end_with_parent"):
        call("end with the caller", "prctl", DEATH_SIGNAL, signal.SIGTERM)
        if os.getppid() != caller:
            return FAILED
    lives, hold = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(hold)
        first_process(request, lives)
    os.close(lives)

    def end(number: int, frame: object) -> NoReturn:
        del frame
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(child, 0)  # comes back when every process of the namespace is gone
        os._exit(128 + number)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, end)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main())
