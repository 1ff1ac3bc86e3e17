"""Phones that are not there: Debian's real adbd with Android's shell (mksh) and tools (toybox), run by qemu-user.

They have a network of their own that leads nowhere, in which adb runs too: adbd listens on every interface it has.
What `getprop`, `dumpsys` and `settings` print are stand-ins in the format of Android's sources.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from litesmith.core.errors import LitesmithError
from litesmith.emulation import needs, spaces
from litesmith.emulation.base_root import HOOKS, KEYRING, LEFT_OUT, discard, machine_source

SUITE = "trixie"
PACKAGES = ("base-files", "base-passwd", "dash", "mksh", "toybox", "libstdc++6", "adbd")
TOOLS = (
    *("cat", "chmod", "cp", "cut", "date", "df", "du", "echo", "env", "false", "find", "getconf", "grep", "head", "id"),
    *("ln", "ls", "md5sum", "mkdir", "mv", "nproc", "printenv", "printf", "ps", "rm", "sed", "setsid", "sha256sum"),
    *("sleep", "sort", "stat", "tail", "tar", "taskset", "timeout", "touch", "true", "uname", "wc", "which"),
)
ROOM = Path(__file__).with_name("phone_room.py")
UNAUTHORIZED_PORT = 16601
PROPERTIES = {
    "ro.product.manufacturer": "Litesmith",
    "ro.product.model": "Virtual Phone",
    "ro.product.cpu.abi": "arm64-v8a",
    "ro.product.cpu.abilist": "arm64-v8a,armeabi-v7a,armeabi",
    "ro.build.version.release": "14",
    "ro.build.version.sdk": "34",
    "ro.soc.manufacturer": "QEMU",
    "ro.soc.model": "A76",
    "ro.hardware": "qemu-user",
}
BATTERY = """Current Battery Service state:
  AC powered: false
  USB powered: true
  Wireless powered: false
  Dock powered: false
  Max charging current: 500000
  Max charging voltage: 5000000
  Charge counter: 3915000
  status: 2
  health: 2
  present: true
  level: {level}
  scale: 100
  voltage: 4356
  temperature: {tenths}
  technology: Li-ion
"""
THERMAL = """IsStatusOverride: false
ThermalEventListeners:
	callbacks: 3
	killed: false
	broadcasts count: -1
ThermalStatusListeners:
	callbacks: 4
	killed: false
	broadcasts count: -1
Thermal Status: {status}
Cached temperatures:
	Temperature{{mValue=91.0, mType=0, mName=CPU7, mStatus=2}}
	Temperature{{mValue=45.9, mType=3, mName=skin, mStatus=1}}
HAL Ready: true
HAL connection:
	ThermalHAL AIDL 1  connected: yes
Current temperatures from HAL:
	Temperature{{mValue=41.5, mType=0, mName=CPU0, mStatus=0}}
	Temperature{{mValue=43.25, mType=0, mName=CPU7, mStatus=0}}
	Temperature{{mValue=30.1, mType=3, mName=skin, mStatus=0}}
	Temperature{{mValue=0.0, mType=2, mName=battery, mStatus=0}}
Current cooling devices from HAL:
	CoolingDevice{{mValue=2, mType=2, mName=thermal-cpufreq-0}}
	CoolingDevice{{mValue=7, mType=3, mName=thermal-devfreq-0}}
Temperature static thresholds from HAL:
	TemperatureThreshold{{type=3, name=skin, hotThrottlingThresholds=[NaN, 39.0, 43.0, 45.0, 46.5, 52.0, 55.0]}}
"""
CLOCKS_KHZ = (1_803_000,) * 4 + (2_348_000,) * 3 + (2_850_000,)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """A phone of the room.

    Attributes:
        name: In the room.
        port: Where its adbd listens.
        properties: What `getprop` says.
        storage_bytes: Of /data/local/tmp.
        level: Charge of the battery in percent.
        tenths: Temperature of the battery in tenths of a degree.
        status: Android's thermal status.
        low_power: Whether the battery saver is on: 0 or 1.
    """

    name: str
    port: int
    properties: dict[str, str] = dataclasses.field(default_factory=dict)
    storage_bytes: int = 200_000_000
    level: int = 87
    tenths: int = 281
    status: int = 0
    low_power: int = 0

    @property
    def serial(self) -> str:
        return f"127.0.0.1:{self.port}"


def missing() -> str:
    """Return why this machine has no virtual phone; empty where it can."""
    try:
        needs.require_host()
        needs.find_qemu()
    except LitesmithError as error:
        return f"no virtual phone here: {error.message}. {error.hint}"
    absent = [name for name in ("adb", "mmdebstrap", "nsenter") if shutil.which(name) is None]
    if not KEYRING.is_file():
        absent.append("debian-archive-keyring")
    return f"no virtual phone here: {', '.join(absent)} is not installed; see .ci/packages" if absent else ""


def make_base(folder: Path) -> Path:
    """Make the root that phones are copied from."""
    root = folder / "phone-base"
    command = ["mmdebstrap", "--mode=root", "--variant=extract", "--architectures=arm64", "--skip=check/qemu"]
    command += [f"--hook-dir={HOOKS}", f"--include={','.join(PACKAGES)}"]
    command += [f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in LEFT_OUT]
    command += [SUITE, str(root), *filter(None, [machine_source(SUITE)])]
    spaces.run(spaces.outside(command), "making the root of phones", timeout_s=900, merged=True)
    passwd = (root / "usr/share/base-passwd/passwd.master").read_text(encoding="ascii")
    (root / "etc/passwd").write_text(f"{passwd}shell:x:2000:2000::/:/system/bin/sh\n", encoding="ascii")
    group = (root / "usr/share/base-passwd/group.master").read_text(encoding="ascii")
    (root / "etc/group").write_text(f"{group}shell:x:2000:\n", encoding="ascii")
    for place in ("proc", "sys", "dev", "run", "tmp", "system/bin", "system/stand-in", "data/local/tmp"):
        (root / place).mkdir(parents=True, exist_ok=True)
    (root / "system/bin/sh").symlink_to("/bin/mksh")
    for tool in TOOLS:
        (root / "system/bin" / tool).symlink_to("/usr/bin/toybox")
    write_program(root, "getprop", 'cat "/system/stand-in/$1" 2>/dev/null || echo')
    write_program(root, "settings", 'cat "/system/stand-in/settings-$2-$3" 2>/dev/null || echo null')
    write_program(root, "dumpsys", 'cat "/system/stand-in/dumpsys-$1" 2>/dev/null || echo "Can\'t find service: $1"')
    return root


def write_program(root: Path, name: str, text: str) -> None:
    """Write a shell script that stands in for a program of Android's."""
    file = root / "system/bin" / name
    file.write_text(f"#!/system/bin/sh\n{text}\n", encoding="utf-8")
    file.chmod(0o755)


def write_phone(base: Path, root: Path, phone: Phone) -> None:
    """Make the root of a phone."""
    copying = ["cp", "-a", "--reflink=auto", "--", str(base), str(root)]
    spaces.run(spaces.outside(copying), "copying the root of a phone", timeout_s=300)
    said = root / "system/stand-in"
    for name, value in {**PROPERTIES, **phone.properties}.items():
        (said / name).write_text(f"{value}\n", encoding="utf-8")
    (said / "settings-global-low_power").write_text(f"{phone.low_power}\n", encoding="ascii")
    (said / "dumpsys-battery").write_text(BATTERY.format(level=phone.level, tenths=phone.tenths), encoding="ascii")
    (said / "dumpsys-thermalservice").write_text(THERMAL.format(status=phone.status), encoding="ascii")
    cores = root / "sys/devices/system/cpu"
    cores.mkdir(parents=True)
    for name in ("possible", "present"):
        (cores / name).write_text(f"0-{len(CLOCKS_KHZ) - 1}\n", encoding="ascii")
    for core, khz in enumerate(CLOCKS_KHZ):
        clock = root / f"sys/devices/system/cpu/cpu{core}/cpufreq"
        clock.mkdir(parents=True)
        (clock / "cpuinfo_max_freq").write_text(f"{khz}\n", encoding="ascii")
        (clock / "scaling_cur_freq").write_text(f"{khz // 2}\n", encoding="ascii")
        (clock / "scaling_governor").write_text("schedutil\n", encoding="ascii")


class Room:
    """Phones that run, and an `adb` that reaches them.

    Attributes:
        bin: Folder with that adb, for PATH.
        roots: Of the phones, by name.
        network: Name of their namespace.
    """

    def __init__(self, folder: Path, process: subprocess.Popen[str], phones: Sequence[Phone]) -> None:
        self.bin = folder / "bin"
        self.roots = {phone.name: folder / phone.name for phone in phones}
        self._process = process
        self.bin.mkdir()
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii").split()
        self.network = os.readlink(f"/proc/{children[0]}/ns/net")
        wrapper = self.bin / "adb"
        enter = f"nsenter --target {children[0]} --user --preserve-credentials --net --"
        wrapper.write_text(f'#!/bin/sh\nexec {enter} {shutil.which("adb")} "$@"\n', encoding="ascii")
        wrapper.chmod(0o755)

    def tell(self, line: str) -> None:
        """Have something done to a phone; see `phone_room.py`."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "done\n"

    def adb(self, *arguments: str) -> str:
        """Return what adb prints."""
        done = subprocess.run(
            [str(self.bin / "adb"), *arguments],
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )
        return done.stdout + done.stderr

    def connect(self, phone: Phone, timeout_s: float = 20.0) -> None:
        """Have adb connected to a phone, which may have been started just now."""
        limit = time.monotonic() + timeout_s
        while self.adb("-s", phone.serial, "get-state") != "device\n":
            assert time.monotonic() < limit, self.adb("devices", "-l")
            self.adb("disconnect", phone.serial)  # what is offline is tried again after 10 s only
            self.adb("connect", phone.serial)


@contextmanager
def room(folder: Path, phones: Sequence[Phone]) -> Iterator[Room]:
    """Give phones that run and are connected to.

    Raises:
        TargetError: this machine cannot make or run them.
    """
    base = make_base(folder)
    for phone in phones:
        write_phone(base, folder / phone.name, phone)
    request = {
        "namespace": str(spaces.SCRIPT),
        "interpreter": str(needs.find_qemu().path),
        "adb": shutil.which("adb"),
        "unauthorized": UNAUTHORIZED_PORT,
        "phones": [
            {
                "name": p.name,
                "port": p.port,
                "root": str(folder / p.name),
                "storage_bytes": p.storage_bytes,
                "cpu": "cortex-a76",
            }
            for p in phones
        ],
    }
    outer = {
        "command": [sys.executable, "-I", str(ROOM), json.dumps(request)],
        "environment": {**os.environ, "HOME": str(folder), "TMPDIR": str(folder)},
        "offline": True,
        "end_with_parent": True,
    }
    log, made = folder / "log", None
    with log.open("w", encoding="utf-8") as errors:
        process = subprocess.Popen(
            [sys.executable, "-I", str(spaces.SCRIPT), json.dumps(outer)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        )
    try:
        assert process.stdout is not None
        if process.stdout.readline() != "done\n":
            process.wait(timeout=30)
            raise spaces.failure("starting the phones", process.returncode, log.read_text(encoding="utf-8"))
        made = Room(folder, process, phones)
        for phone in phones:
            made.connect(phone)
        yield made
    finally:
        if made is not None:
            made.adb("kill-server")  # one that a client started would outlive the room
        process.terminate()
        process.wait(timeout=30)
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()
        for name in ("phone-base", *(phone.name for phone in phones)):
            discard(folder / name)
