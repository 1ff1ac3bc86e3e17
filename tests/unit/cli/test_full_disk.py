"""A disk that fills up at different moments of a run: one clear message, nothing half-written."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from command_calls import Call


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Mount a disk of a size, where that is allowed."""
    place = tmp_path / "disk"
    place.mkdir()

    def mount(size: str) -> Path:
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(place)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        except FileNotFoundError:
            pytest.skip("there is no mount command")
        if done.returncode != 0:
            pytest.skip(f"a small disk cannot be mounted here: {done.stderr.strip()}")
        return place

    yield mount
    subprocess.run(["umount", str(place)], capture_output=True, timeout=30, check=False)


@pytest.mark.parametrize("size", ["8k", "40k", "80k"])
@pytest.mark.slow
def test_full_disk(size: str, disk: Callable[[str], Path], call: Call) -> None:
    place = disk(size)
    fast = ["--schemes", "float16", "--runs", "2", "--warmup", "1", "--jobs", "1"]
    done = call("deploy", "cnn.tflite", "--data", "good.npz", *fast, "--out", str(place / "out"))
    lines = [line for line in done.err.splitlines() if line.startswith(("error:", "hint:"))]
    assert done.code == 2, done.err
    assert len(lines) == 2
    assert lines[0].startswith("error: no space left on the disk that holds")
    assert "--out" in lines[1]
    assert "Traceback" not in done.err
    assert [path for path in place.rglob("*") if path.name.endswith(".part")] == []
    assert not (place / "out" / "report.json").exists()
