"""Running scripts on this machine."""

from __future__ import annotations

import os
import platform
import sys
import time
from pathlib import Path

import pytest

from litesmith.core.errors import TargetError, UserError
from litesmith.core.target import Session
from litesmith.targets import local


@pytest.fixture
def session() -> Session:
    return local.connect("")


def script(folder: Path, text: str) -> Path:
    path = folder / "script.py"
    path.write_text(text)
    return path


def test_the_request_goes_in_and_lines_come_out_as_they_are_printed(session: Session, tmp_path: Path) -> None:
    echo = "import sys, time\nfor word in [*sys.argv[1:], *sys.stdin.read().split()]:\n"
    echo += "    print(word, flush=True)\n    time.sleep(0.1)"
    seen: list[tuple[str, float]] = []
    session.run_script(
        script(tmp_path, echo),
        ["--first", "a b; $HOME"],
        request="three vier",
        on_line=lambda line: seen.append((line, time.monotonic())),
        timeout_s=20,
    )
    assert [line for line, _ in seen] == ["--first", "a b; $HOME", "three", "vier"]
    assert seen[-1][1] - seen[0][1] > 0.2


def test_a_failing_script_says_its_code_and_last_words(session: Session, tmp_path: Path) -> None:
    failing = script(tmp_path, "raise ValueError('planted')")
    with pytest.raises(TargetError, match=r"^script\.py failed on local with code 1: ValueError: planted$"):
        session.run_script(failing, [], request="", on_line=print, timeout_s=20)


def test_a_script_that_reads_nothing(session: Session, tmp_path: Path) -> None:
    """The request is larger than a pipe holds."""
    lines: list[str] = []
    session.run_script(
        script(tmp_path, "print('done')"), [], request="x" * 1_000_000, on_line=lines.append, timeout_s=20
    )
    assert lines == ["done"]


def test_a_script_that_takes_too_long_is_ended(session: Session, tmp_path: Path) -> None:
    slow = script(tmp_path, "import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(60)")
    lines: list[str] = []
    begun = time.monotonic()
    with pytest.raises(TargetError, match=r"script\.py took longer than 0\.5 s on local"):
        session.run_script(slow, [], request="", on_line=lines.append, timeout_s=0.5)
    assert time.monotonic() - begun < 10
    with pytest.raises(ProcessLookupError):
        os.kill(int(lines[0]), 0)


def test_an_error_here_ends_the_script_there(session: Session, tmp_path: Path) -> None:
    slow = script(tmp_path, "import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(60)")
    lines: list[str] = []

    def on_line(line: str) -> None:
        lines.append(line)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        session.run_script(slow, [], request="", on_line=on_line, timeout_s=20)
    with pytest.raises(ProcessLookupError):
        os.kill(int(lines[0]), 0)


def test_files_are_where_they_are(session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert session.send(Path("m.tflite")) == str(tmp_path.resolve() / "m.tflite")


def test_the_device(session: Session) -> None:
    device = session.device()
    assert (device.target, device.machine, device.python) == ("local", platform.machine(), platform.python_version())
    assert not device.emulated


def test_an_address_is_refused() -> None:
    with pytest.raises(UserError, match="target 'local' takes no address, but 'pi@home' was given"):
        local.connect("pi@home")


@pytest.mark.parametrize("command", ["/no/such/program", "nosuchprogram", "a\0b"])
def test_a_program_that_is_not_there(session: Session, command: str) -> None:
    with pytest.raises(TargetError, match="could not be started on local"):
        session.run([command], on_line=print, timeout_s=20)


@pytest.mark.slow
def test_the_preflight_knows_this_python(session: Session) -> None:
    found = session.preflight()
    facts = found.facts
    assert facts.machine == platform.machine()
    assert (facts.python, facts.python_path) == (platform.python_version(), sys.executable)
    assert facts.runtime.startswith("ai-edge-litert ")
    assert facts.memory_bytes > facts.memory_free_bytes > 0
    assert facts.disk_free_bytes
    assert found.ready
