"""Runs that are ended in the middle: no half-written files, no process left, and the next run goes on from there."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from processes import MARK, wait_until_none_is_left

pytestmark = pytest.mark.slow
END_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A run that was ended by a signal."""

    code: int
    err: str
    mark: str
    duration_s: float


Run = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Run]:
    """Start `litesmith` in a session of its own, with `mark` in its environment and its workers'."""
    started: list[subprocess.Popen[str]] = []

    def run(*arguments: str, mark: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "litesmith", *arguments],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            env={**os.environ, MARK: mark},
            start_new_session=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.wait()
        assert process.stderr is not None
        process.stderr.close()


def end_after(process: subprocess.Popen[str], line: str, number: signal.Signals, *, mark: str) -> Ended:
    """Send a signal once a line of progress begins with `line`; wait for the end."""
    assert process.stderr is not None
    seen = []
    for text in process.stderr:
        seen.append(text)
        if text.startswith(line):
            break
    begun = time.perf_counter()
    process.send_signal(number)
    rest = process.communicate(timeout=END_S)[1]
    return Ended(code=process.returncode, err="".join(seen) + rest, mark=mark, duration_s=time.perf_counter() - begun)


def command(work: Any, out: Path) -> list[str]:
    return [
        "deploy", str(work.model), "--data", str(work.data), "--preprocess", "unit", "--schemes", "float16,int8",
        "--runs", "20", "--out", str(out),
    ]  # fmt: skip


ENDS = [
    (signal.SIGKILL, -9, "quantize:"),
    (signal.SIGINT, 130, "quantize:"),
    (signal.SIGTERM, 143, "quantize:"),
    (signal.SIGINT, 130, "decode"),
]


@pytest.mark.parametrize(("number", "code", "line"), ENDS, ids=[f"{n.name} after {line}" for n, _, line in ENDS])
def test_an_ended_run_is_taken_up_again(
    number: signal.Signals, code: int, line: str, work: Any, start: Run, tmp_path: Path
) -> None:
    mark, out = uuid.uuid4().hex, tmp_path / "out"
    ended = end_after(start(*command(work, out), mark=mark), line, number, mark=mark)
    assert ended.code == code, ended.err
    assert "Traceback" not in ended.err
    assert ("interrupted; " in ended.err.splitlines()[-1]) == (number is signal.SIGINT)
    assert ended.duration_s < 5
    wait_until_none_is_left(mark)
    assert not (out / "report.json").exists(), "it was not in the middle of the run"
    half = [path for path in out.rglob("*.part") if number is not signal.SIGKILL or ".cache" not in path.parts]
    assert half == []

    again = start(*command(work, out), mark=mark)
    err = again.communicate(timeout=60)[1]
    assert again.returncode == 0, err
    stages = {stage["stage"]: stage["cached"] for stage in json.loads((out / "report.json").read_text())["stages"]}
    finished = ("convert", "samples", "subsets", "check preprocessing", "calibrate", "compare calibrators", "quantize")
    reused = finished if line == "quantize:" else finished[:1]
    assert all(stages[name] for name in reused), stages
    assert not stages["benchmark local"]
    wait_until_none_is_left(mark)


def test_two_runs_into_one_folder_at_once(work: Any, start: Run, tmp_path: Path) -> None:
    both = [start(*command(work, tmp_path / "out"), mark="m") for _ in range(2)]
    ends = [(process.communicate(timeout=60)[1], process.returncode) for process in both]
    assert [code for _, code in ends] == [0, 0], ends
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert [v["status"] for v in report["variants"]] == ["ok", "ok", "ok"]
