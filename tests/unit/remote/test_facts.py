"""What machines say of themselves, and what stands in the way on each."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from litesmith.core.errors import TargetError
from litesmith.core.preflight import Preflight
from litesmith.remote.facts import SCRIPT, facts_of, throttling_of
from litesmith.remote.obstacles import obstacles_of

FEATURES_A72 = "fp asimd evtstrm crc32 cpuid"
FEATURES_A76 = "fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp"


def said(**changes: str) -> str:
    """Return what the script prints on a Raspberry Pi 5 with Bookworm, with some lines changed."""
    lines = {
        "machine": "aarch64",
        "kernel": "Linux 6.6.51+rpt-rpi-2712",
        "home": "/home/pi",
        "bits": "64",
        "elf": "2",
        "os": "Debian GNU/Linux 12 (bookworm)",
        "libc": "glibc 2.36",
        "board": "Raspberry Pi 5 Model B Rev 1.0",
        "cpu": "",
        "implementer": "0x41",
        "part": "0xd0b",
        "features": FEATURES_A76,
        "cores": "4",
        "memory_kb": "8245712",
        "memory_free_kb": "7311840",
        "disk_free_kb": "24117248",
        "governor": "performance",
        "clock_khz": "2400000",
        "clock_most_khz": "2400000",
        "temperature": "cpu-thermal 51250",
        "throttled": "0x0",
        "python": "/usr/bin/python3\t3.11.2\t64\tno\t\t\t",
        **changes,
    }
    body = "\n".join(f"{key}={line}" for key, value in lines.items() for line in value.split("\n"))
    return f"begin=litesmith\n{body}\nend=litesmith\n"


SYSTEMS = {
    "Raspberry Pi OS Bookworm, 64-bit": ({}, {"venv-missing"}),
    "Raspberry Pi OS Trixie, 64-bit": (
        {
            "os": "Debian GNU/Linux 13 (trixie)",
            "libc": "glibc 2.41",
            "python": "/usr/bin/python3\t3.13.5\t64\tyes\t\t\t",
        },
        set(),
    ),
    "Raspberry Pi OS Bullseye, 64-bit": (
        {
            "os": "Debian GNU/Linux 11 (bullseye)",
            "libc": "glibc 2.31",
            "kernel": "Linux 6.1.21-v8+",
            "board": "Raspberry Pi 4 Model B Rev 1.4",
            "part": "0xd08",
            "features": FEATURES_A72,
            "governor": "ondemand",
            "python": "/usr/bin/python3\t3.9.2\t64\tyes\t1.19.5\t\t",
        },
        {"glibc-too-old", "python-too-old", "governor"},
    ),
    "Raspberry Pi OS Bullseye, 32-bit on a 64-bit kernel": (
        {
            "bits": "32",
            "elf": "1",
            "os": "Raspbian GNU/Linux 11 (bullseye)",
            "libc": "glibc 2.31",
            "board": "Raspberry Pi 4 Model B Rev 1.4",
            "features": FEATURES_A72,
            "python": "/usr/bin/python3\t3.9.2\t32\tyes\t1.19.5\ttflite-runtime 2.14.0\t",
        },
        {"system-32-bit", "glibc-too-old", "python-too-old"},
    ),
    "Raspberry Pi OS Bookworm, 32-bit": (
        {"machine": "armv7l", "bits": "32", "elf": "1", "python": "/usr/bin/python3\t3.11.2\t32\tyes\t\t\t"},
        {"system-32-bit"},
    ),
    "Ubuntu 20.04": (
        {"os": "Ubuntu 20.04.6 LTS", "libc": "glibc 2.31", "python": "/usr/bin/python3\t3.8.10\t64\tno\t\t\t"},
        {"glibc-too-old", "python-too-old"},
    ),
    "Ubuntu 22.04": (
        {"os": "Ubuntu 22.04.5 LTS", "libc": "glibc 2.35", "python": "/usr/bin/python3\t3.10.12\t64\tyes\t\t\t"},
        set(),
    ),
    "Ubuntu 24.04 on x86-64": (
        {
            "machine": "x86_64",
            "os": "Ubuntu 24.04.1 LTS",
            "libc": "glibc 2.39",
            "cpu": "Intel(R) N100",
            "python": "/usr/bin/python3\t3.12.3\t64\tyes\t\t\t",
        },
        set(),
    ),
    "Alpine": (
        {
            "os": "Alpine Linux v3.20",
            "libc": "",
            "musl": "/lib/ld-musl-aarch64.so.1",
            "python": "/usr/bin/python3\t3.12.8\t64\tyes\t\t\t",
        },
        {"musl"},
    ),
    "no Python": ({"python": ""}, {"python-missing"}),
    "only wrappers of a version manager": ({"python": "/home/pi/.pyenv/shims/python3\t"}, {"python-missing"}),
    "an older Python beside a new one": (
        {"python": "/usr/bin/python3\t3.15.1\t64\tyes\t\t\t\n/usr/bin/python3.12\t3.12.3\t64\tyes\t\t\t"},
        set(),
    ),
    "a Python that is too new": ({"python": "/usr/bin/python3\t3.15.1\t64\tyes\t\t\t"}, {"python-too-new"}),
    "a 32-bit Python": ({"python": "/opt/python3\t3.11.2\t32\tyes\t\t\t"}, {"python-32-bit"}),
    "a full disk": ({"disk_free_kb": "0"}, {"disk-too-small", "venv-missing"}),
    "little disk, but the runtime is there": (
        {"disk_free_kb": "90000", "python": "/usr/bin/python3\t3.11.2\t64\tno\t2.4.6\tai-edge-litert 2.3.0\t"},
        set(),
    ),
    "little memory": ({"memory_free_kb": "60000"}, {"memory-too-small", "venv-missing"}),
    "RISC-V": ({"machine": "riscv64"}, {"architecture", "venv-missing"}),
    "hot and throttled": (
        {"temperature": "soc 50000\ncpu-thermal 82400", "throttled": "0xe0006"},
        {"hot", "throttled-now", "venv-missing"},
    ),
    "once too little voltage": ({"throttled": "0x50000"}, {"throttled-since-boot", "venv-missing"}),
    "a runtime for NumPy 1": (
        {"python": "/usr/bin/python3\t3.11.2\t64\tyes\t2.1.0\t\ttflite-runtime: numpy.core.multiarray failed"},
        {"runtime-does-not-import"},
    ),
    "a runtime that crashes": ({"python": "/usr/bin/python3\t3.11.2\t64\tyes"}, {"runtime-does-not-import"}),
    "an answer to nothing": (
        dict.fromkeys(("bits", "elf", "libc", "machine", "memory_kb", "python"), ""),
        {"python-missing"},
    ),
}
READY = {
    "governor",
    "hot",
    "runtime-does-not-import",
    "throttled-now",
    "throttled-since-boot",
    "venv-missing",
}
"""Obstacles that do not block."""


@pytest.mark.parametrize("name", SYSTEMS)
def test_obstacles_of_systems(name: str) -> None:
    changes, codes = SYSTEMS[name]
    facts = facts_of(said(**changes), target="ssh:pi")
    found = obstacles_of(facts)
    assert {obstacle.code for obstacle in found} == codes
    assert {obstacle.code for obstacle in found if not obstacle.blocking} == codes & READY
    assert [obstacle.blocking for obstacle in found] == sorted((one.blocking for one in found), reverse=True)
    for obstacle in found:
        assert obstacle.message
        assert obstacle.remedy
        assert "\n" not in obstacle.message + obstacle.remedy
    assert Preflight(target="ssh:pi", emulated=False, facts=facts, obstacles=found).ready == (codes <= READY)


def test_facts_of_a_pi() -> None:
    facts = facts_of(said(), target="ssh:pi")
    assert (facts.board, facts.machine, facts.userland_bits) == ("Raspberry Pi 5 Model B Rev 1.0", "aarch64", 64)
    assert (facts.cpu, facts.cores, facts.clock_mhz, facts.temperature_c) == ("Cortex-A76", 4, 2400.0, 51.25)
    assert "asimddp" in facts.features
    assert facts.memory_free_bytes == 7311840 * 1024
    assert (facts.python, facts.python_path, facts.runtime) == ("3.11.2", "/usr/bin/python3", "")


def test_the_python_that_imports_the_runtime_is_chosen() -> None:
    found = "/usr/bin/python3\t3.13.5\t64\tyes\t\t\t\n/opt/b\t3.11.2\t64\tyes\t2.4.6\tai-edge-litert 2.3.0\t"
    facts = facts_of(said(python=found), target="ssh:pi")
    assert (facts.python_path, facts.runtime) == ("/opt/b", "ai-edge-litert 2.3.0")
    assert [python.path for python in facts.pythons] == ["/usr/bin/python3", "/opt/b"]


def test_remedies_name_what_still_works() -> None:
    found = {one.code: one for one in obstacles_of(facts_of(said(bits="32", machine="armv7l"), target="x"))}
    assert "tflite-runtime 2.14.0" in found["system-32-bit"].remedy
    assert "NumPy 1" in found["system-32-bit"].remedy
    changes, _ = SYSTEMS["a runtime for NumPy 1"]
    assert "pip install 'numpy<2'" in obstacles_of(facts_of(said(**changes), target="x"))[0].remedy


def test_bits_of_throttling() -> None:
    assert throttling_of("0x0") == ()
    assert throttling_of("0x1") == ("under-voltage now",)
    assert throttling_of("0xf000f") == (
        "under-voltage now",
        "clock capped now",
        "throttled now",
        "at the soft temperature limit now",
        "under-voltage since boot",
        "clock capped since boot",
        "throttled since boot",
        "at the soft temperature limit since boot",
    )
    assert throttling_of("") == throttling_of("VCHI initialization failed") == ()


@pytest.mark.parametrize("printed", ["", "bash: sh: command not found", said().replace("end=litesmith", "")])
def test_an_answer_that_is_none(printed: str) -> None:
    with pytest.raises(TargetError, match="ssh:pi did not answer the questions of the preflight") as caught:
        facts_of(printed, target="ssh:pi")
    assert caught.value.hint


SHELLS = [shell for shell in ("sh", "dash", "bash", "busybox") if shutil.which(shell)]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.slow
def test_the_script_on_this_machine(shell: str, tmp_path: Path) -> None:
    """It changes nothing, says nothing on its error stream, and tells what Python tells too."""
    command = [shell, "sh"] if shell == "busybox" else [shell]
    home = tmp_path / "a home; $(touch planted)"
    home.mkdir()
    environment = {**os.environ, "HOME": str(home), "LITESMITH_PYTHON": sys.executable}
    done = subprocess.run(
        command, input=SCRIPT.read_bytes(), capture_output=True, env=environment, cwd=tmp_path, check=False
    )
    assert done.stderr == b""
    facts = facts_of(done.stdout.decode(), target="local")
    assert (facts.machine, facts.python, facts.python_path) == (
        platform.machine(),
        platform.python_version(),
        sys.executable,
    )
    assert facts.runtime.startswith("ai-edge-litert 2")
    assert facts.userland_bits == 64
    assert facts.memory_bytes > facts.memory_free_bytes > 0
    assert facts.disk_free_bytes
    assert [path.name for path in tmp_path.rglob("*")] == [home.name]


def test_the_script_with_a_firmware_that_throttles(tmp_path: Path) -> None:
    firmware = tmp_path / "vcgencmd"
    firmware.write_text('#!/bin/sh\n[ "$1" = get_throttled ] && echo throttled=0x50005\n')
    firmware.chmod(0o755)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "HOME": str(tmp_path)}
    done = subprocess.run(["sh"], input=SCRIPT.read_bytes(), capture_output=True, env=environment, check=True)
    assert facts_of(done.stdout.decode(), target="local").throttling == throttling_of("0x50005")
