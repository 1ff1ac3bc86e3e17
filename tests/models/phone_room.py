"""Runs phones in a network of their own; started by `virtual_phone.py` as root of private namespaces.

    python3 -I phone_room.py REQUEST

Each phone is an arm64 root whose adbd listens on a port of 127.0.0.1; like Android's init, its first process starts
adbd again when it ends. Reads lines on standard input, and answers each with `done`:

    unplug NAME     ends adbd, which is not started again
    plug NAME       starts it

Beside phones there is a port that speaks adb's protocol as a phone does on which nobody taps Allow. Ends with the end
of standard input.
"""

from __future__ import annotations

import contextlib
import fcntl
import importlib.util
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

ADBD = "/usr/lib/android-sdk/platform-tools/adbd"
SHELL_USER = 2000
ADB_PORT = 5037
UP, DOWN = signal.SIGUSR1, signal.SIGUSR2
_SET_FLAGS, _UP = 0x8914, 0x1
_HEADER = struct.Struct("<6I")


def loaded(script: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location("namespace", script)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def start_network() -> None:
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack("16sh14x", b"lo", _UP))


def start(namespace: ModuleType, phone: dict[str, Any]) -> int:
    """Start a phone and return a process that passes signals on to its first one."""
    ready, tell = os.pipe()
    outer = os.fork()
    if outer:
        os.close(tell)
        os.read(ready, 1)
        os.close(ready)
        return outer
    namespace.call("phone", "unshare", namespace.NEW_MOUNTS | namespace.NEW_PROCESSES)
    first = os.fork()
    if first == 0:
        be_init(namespace, phone, tell)
    os.close(tell)
    for number in (UP, DOWN):
        signal.signal(number, lambda got, frame: os.kill(first, got))
    os.waitpid(first, 0)
    os._exit(0)


def be_init(namespace: ModuleType, phone: dict[str, Any], tell: int) -> NoReturn:
    """Be the first process of a phone."""
    root = Path(phone["root"])
    namespace.call("end with the room", "prctl", namespace.DEATH_SIGNAL, signal.SIGKILL)
    namespace.mount(str(root), root, "", namespace.BIND | namespace.RECURSIVE)
    namespace.fill_devices(root)
    storage = f"mode=771,uid={SHELL_USER},gid={SHELL_USER},size={phone['storage_bytes']}"
    namespace.mount("tmpfs", root / "data/local/tmp", "tmpfs", 0, storage)
    os.chroot(root)
    os.chdir("/")
    wanted, adbd = True, 0

    def switch(number: int, frame: object) -> None:
        nonlocal wanted
        wanted = number == UP
        if adbd and not wanted:
            with contextlib.suppress(ProcessLookupError):
                os.kill(adbd, signal.SIGKILL)

    signal.signal(UP, switch)
    signal.signal(DOWN, switch)
    os.write(tell, b"x")
    os.close(tell)
    while True:
        if wanted and not adbd:
            adbd = os.fork()
            if adbd == 0:
                be_adbd(phone)
        with contextlib.suppress(ChildProcessError):
            ended, _ = os.waitpid(-1, os.WNOHANG)
            adbd = 0 if ended == adbd else adbd
        time.sleep(0.02)


def be_adbd(phone: dict[str, Any]) -> NoReturn:
    for number in (UP, DOWN, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    log = os.open("/run/adbd.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for stream in (1, 2):
        os.dup2(log, stream)
    os.setgroups([SHELL_USER])
    os.setgid(SHELL_USER)
    os.setuid(SHELL_USER)
    environment = {
        "QEMU_CPU": phone["cpu"],
        "PATH": "/system/bin",
        "ADBD_PORT": str(phone["port"]),
        "SHELL": "/system/bin/sh",
        "HOME": "/",
    }
    os.execve(ADBD, ["adbd"], environment)


def serve(port: int) -> None:
    """Speak just enough of adb's protocol to let nobody in (`protocol.txt` of Android's adb).

    A phone sends a token to be signed, another one when it does not know the key, and when it is sent a new key it
    says nothing until somebody taps.
    """
    server = socket.create_server(("127.0.0.1", port))

    def talk(peer: socket.socket) -> None:
        command, asked = int.from_bytes(b"AUTH", "little"), 0
        with peer, contextlib.suppress(OSError, struct.error):
            while True:
                _, _, _, length, _, _ = _HEADER.unpack(peer.recv(_HEADER.size, socket.MSG_WAITALL))
                peer.recv(length, socket.MSG_WAITALL)
                if asked < 2:
                    asked, token = asked + 1, os.urandom(20)
                    peer.sendall(_HEADER.pack(command, 1, 0, len(token), sum(token), command ^ 0xFFFFFFFF) + token)

    while True:
        peer, _ = server.accept()
        threading.Thread(target=talk, args=(peer,), daemon=True).start()


def answers(port: int) -> None:
    """Wait until somebody listens: a client that comes before would start a server that nothing here ends."""
    while True:
        with contextlib.suppress(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port)).close()
            return
        time.sleep(0.02)


def main() -> int:
    request = json.loads(sys.argv[1])
    namespace = loaded(request["namespace"])
    start_network()
    namespace.register(request["interpreter"], Path("/"))
    running = {phone["name"]: start(namespace, phone) for phone in request["phones"]}
    threading.Thread(target=serve, args=(request["unauthorized"],), daemon=True).start()
    nothing = subprocess.DEVNULL
    server = subprocess.Popen([request["adb"], "nodaemon", "server"], stdin=nothing, stdout=nothing, stderr=nothing)
    answers(ADB_PORT)
    print("done", flush=True)
    for line in sys.stdin:
        what, _, name = line.strip().partition(" ")
        os.kill(running[name], {"unplug": DOWN, "plug": UP}[what])
        time.sleep(0.1)
        print("done", flush=True)
    server.kill()
    return 0


if __name__ == "__main__":
    sys.exit(main())
