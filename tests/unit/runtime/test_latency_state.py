"""Heat, clock and throttling as the timing script reads them: from a tree like /sys, and a planted vcgencmd."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from litesmith.benchmark.thermal import thermal_of
from litesmith.runtime import latency

SCRIPT = Path(latency.__file__)


def write(root: Path, name: str, text: str) -> None:
    path = root / "sys" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n")


def plant(folder: Path, body: str) -> str:
    """Return a PATH on which `vcgencmd` is a script of ours."""
    folder.mkdir(exist_ok=True)
    (folder / "vcgencmd").write_text(f"#!/bin/sh\n{body}\n")
    (folder / "vcgencmd").chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


@pytest.fixture
def board(tmp_path: Path) -> Path:
    write(tmp_path, "class/thermal/thermal_zone0/type", "nvme")
    write(tmp_path, "class/thermal/thermal_zone0/temp", "30000")
    write(tmp_path, "class/thermal/thermal_zone1/type", "cpu-thermal")
    write(tmp_path, "class/thermal/thermal_zone1/temp", "61250")
    write(tmp_path, "devices/system/cpu/cpu0/cpufreq/scaling_cur_freq", "1500000")
    write(tmp_path, "devices/system/cpu/cpu3/cpufreq/scaling_cur_freq", "2400000")
    write(tmp_path, "devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq", "2400000")
    return tmp_path


def test_a_machine_that_says_nothing(tmp_path: Path) -> None:
    assert set(latency.state(str(tmp_path)).values()) == {None}


def test_the_cpus_heat_and_the_fastest_clock(board: Path) -> None:
    said = latency.state(str(board))
    assert (said["temperature_c"], said["clock_mhz"], said["clock_most_mhz"]) == (61.25, 2400, 2400)
    assert (said["flags"], said["events"], said["cooling"]) == (None, None, None)


def test_the_only_zone_counts_whatever_it_is_called(tmp_path: Path) -> None:
    write(tmp_path, "class/thermal/thermal_zone0/type", "acpitz")
    write(tmp_path, "class/thermal/thermal_zone0/temp", "27800")
    assert latency.state(str(tmp_path))["temperature_c"] == 27.8


def test_files_with_nonsense_are_not_read_as_zero(board: Path) -> None:
    write(board, "class/thermal/thermal_zone1/temp", "hot")
    write(board, "devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq", "")
    said = latency.state(str(board))
    assert said["temperature_c"] == 30  # of what is left
    assert said["clock_most_mhz"] is None


def test_counters_and_cooling(board: Path) -> None:
    write(board, "devices/system/cpu/cpu0/thermal_throttle/core_throttle_count", "3")
    write(board, "devices/system/cpu/cpu1/thermal_throttle/package_throttle_count", "4")
    write(board, "class/thermal/cooling_device0/type", "pwm-fan")
    write(board, "class/thermal/cooling_device0/cur_state", "4")
    assert (latency.state(str(board))["events"], latency.state(str(board))["cooling"]) == (7, None)
    write(board, "class/thermal/cooling_device1/type", "cpufreq-cpu0")
    write(board, "class/thermal/cooling_device1/cur_state", "2")
    assert latency.state(str(board))["cooling"] == 2


@pytest.mark.parametrize(
    ("body", "flags"),
    [
        ("echo throttled=0x0", 0),
        ("echo throttled=0x50005", 0x50005),
        ("echo 'VCHI initialization failed'; exit 255", None),
        ("echo", None),
    ],
)
def test_vcgencmd(board: Path, monkeypatch: pytest.MonkeyPatch, body: str, flags: int | None) -> None:
    monkeypatch.setenv("PATH", plant(board / "bin", f'[ "$1" = get_throttled ] || exit 9\n{body}'))
    assert latency.state(str(board))["flags"] == flags


def test_the_kernel_has_the_flags_where_there_is_no_vcgencmd(board: Path) -> None:
    write(board, "devices/platform/soc/soc:firmware/get_throttled", "0x80000")
    assert latency.state(str(board))["flags"] == 0x80000


def run(request: dict[str, Any], path: str) -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, str(SCRIPT)],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env={**os.environ, "PATH": path},
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_board_that_throttles_in_the_middle(cnn: Path, board: Path) -> None:
    """From the fourth time it is asked on, the firmware caps the clock; the real script runs a real model."""
    count = board / "count"
    path = plant(
        board / "bin",
        f"echo x >> {count}; if [ $(wc -l < {count}) -ge 4 ]; then echo throttled=0x20002; else echo throttled=0x0; fi",
    )
    request = {
        "models": [str(cnn)],
        "threads": 1,
        "warmup_runs": 1,
        "runs": 10,
        "least_runs": 10,
        "rounds": 5,
        "seconds_per_model": 1.0,
        "seed": 0,
        "root": str(board),
    }
    states = [event for event in run(request, path) if event["event"] == "thermal"]
    assert [said["flags"] for said in states] == [0, 0, 0, 0x20002, 0x20002, 0x20002]
    made = thermal_of(states)
    assert made.throttled is True
    assert made.reasons == ("the firmware reported: clock capped",)
    assert (made.before.holding, made.after.holding) == ((), ("clock capped",))
    assert (made.before.temperature_c, made.after.clock_mhz, made.clock_most_mhz) == (61.25, 2400, 2400)


def test_a_delegate_that_is_not_installed_is_told_before_anything_runs(cnn: Path) -> None:
    request = {"models": [str(cnn)], "threads": 1, "rounds": 1, "delegate": "edgetpu"}
    (said,) = run(request, os.environ["PATH"])
    assert (said["event"], said["delegate"]) == ("no delegate", "edgetpu")
    assert "libedgetpu.so.1" in said["looked"]


def test_a_library_that_cannot_be_loaded_is_the_reason(
    cnn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "libedgetpu.so.1").write_text("no library")
    monkeypatch.setenv("LD_LIBRARY_PATH", str(tmp_path))
    request = {"models": [str(cnn)], "threads": 1, "rounds": 1, "delegate": "edgetpu", "times": False}
    (failed,) = [event for event in run(request, os.environ["PATH"]) if event["event"] == "failed"]
    assert "libedgetpu.so.1" in failed["reason"]
    assert "no attribute" not in failed["reason"]
