"""Several sessions at once, and what is left of sessions that died."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from ssh_server import Server, start_board

from litesmith.cli.main import main
from litesmith.core.connecting import connect
from litesmith.remote.address import Address, parse_address
from litesmith.remote.client import Patience
from litesmith.remote.connection import KEEPER
from litesmith.remote.session import RemoteSession

HASTY = Patience(pauses_s=(0.1, 0.2, 0.5), answer_s=20, grace_s=2)


def tidy(board: Server, limit_s: float = 60) -> None:
    """Wait until nothing is left on the board."""
    until = time.monotonic() + limit_s
    while (board.left() or board.marked()) and time.monotonic() < until:
        time.sleep(0.1)
    assert board.left() == []
    assert board.marked() == []


@pytest.mark.slow
def test_two_boards_at_the_same_time(board: Server, tmp_path: Path) -> None:
    """Each has its own folder, files and programs; one that ends does not disturb the other."""
    other = start_board(tmp_path / "other")
    sessions = [
        RemoteSession(Address(user="", host="board", port=0), target="ssh:one", patience=HASTY),
        RemoteSession(parse_address("board"), target="ssh:two", config=str(other.config()), patience=HASTY),
    ]
    file = tmp_path / "m.bin"
    file.write_bytes(os.urandom(300_000))
    heard: list[list[str]] = [[], []]

    def work(number: int) -> None:
        session = sessions[number]
        there = session.send(file)
        command = ["sh", "-c", 'for i in 1 2 3 4 5; do echo "$HOME $i"; sleep 0.1; done; cksum < "$1"', "sh", there]
        session.run(command, on_line=heard[number].append, timeout_s=30)
        session.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [line.split()[0] for line in heard[0][:5]] == [str(board.home)] * 5
    assert [line.split()[0] for line in heard[1][:5]] == [str(other.home)] * 5
    assert heard[0][5] == heard[1][5]
    tidy(board)
    tidy(other)
    other.stop()


@pytest.mark.slow
def test_two_sessions_on_one_board(board: Server) -> None:
    first, second = connect("ssh:board"), connect("ssh:board")
    ours, theirs = first.send(Path(__file__)), second.send(Path(__file__))
    assert ours != theirs
    first.close()
    assert Path(theirs).exists()
    assert second.run(["true"], on_line=print, timeout_s=20) == 0
    second.close()
    tidy(board)


KILLED = """
import sys, time
from pathlib import Path
from litesmith.remote.address import parse_address
from litesmith.remote.client import Patience
from litesmith.remote.connection import KEEPER
from litesmith.remote.session import RemoteSession
session = RemoteSession(parse_address("board"), target="ssh:board", patience=Patience(grace_s=2))
session.send(Path(__file__))
session.run(["sh", "-c", "echo started; sleep 300"], on_line=lambda line: print(line, flush=True), timeout_s=60)
"""


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_litesmith_that_is_ended_leaves_nothing(board: Server, tmp_path: Path, number: signal.Signals) -> None:
    """Killed, it cannot tidy up: the board does, when the connection is gone."""
    script = tmp_path / "killed.py"
    script.write_text(KILLED)
    process = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "started\n"
    assert board.left()
    process.send_signal(number)
    process.wait()
    process.stdout.close()
    tidy(board)


@pytest.mark.slow
def test_a_keeper_that_can_hardly_start_programs_tidies_up(tmp_path: Path) -> None:
    """When the connection is gone, on a machine that is short of memory: `cat` stands for what fails then."""
    tools, home = tmp_path / "tools", tmp_path / "home"
    for folder in (tools, home):
        folder.mkdir()
    (tools / "cat").write_text("#!/bin/sh\nexit 1\n")
    (tools / "cat").chmod(0o755)
    environment = {"HOME": str(home), "PATH": f"{tools}:/usr/bin:/bin"}
    command = ["sh", "-c", KEEPER.read_text(encoding="utf-8"), "sh", "0123456789abcdef", "1"]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True, env=environment
    )
    assert "ready-0123456789abcdef new" in done.stdout
    assert list(home.iterdir()) == []


@pytest.mark.slow
def test_leftovers_of_dead_sessions_are_removed_and_those_of_live_ones_stay(board: Server) -> None:
    """As after a loss of power: a folder, and the number of a process that is now another."""
    base = board.home / ".cache" / "litesmith"
    old = time.time() - 3600
    for name, keeper in (("s-dead", "1"), ("s-damaged", "words"), ("s-recent", "1")):
        (base / name / "deep").mkdir(parents=True)
        (base / name / "deep" / "m.tflite").write_bytes(b"x")
        (base / name / "keeper").write_text(keeper)
        if name != "s-recent":
            os.utime(base / name, (old, old))
    live = RemoteSession(parse_address("board"), target="ssh:board", patience=HASTY)
    live.send(Path(__file__))
    os.utime(live.connection.folder, (old, old))
    connect("ssh:board").close()
    assert sorted(path.name for path in base.iterdir()) == sorted([f"s-{live.connection.id}", "s-recent"])
    live.close()


@pytest.mark.slow
def test_clean_removes_what_sessions_left(board: Server, capsys: pytest.CaptureFixture[str]) -> None:
    """Also the recent ones, for the user asked for it, but nothing that is in use."""
    base = board.home / ".cache" / "litesmith"
    (base / "s-dead").mkdir(parents=True)
    (board.home / ".local/share/litesmith/runtime-0-cp311/bin").mkdir(parents=True)
    (board.home / "mine").write_text("x")
    live = connect("ssh:board")
    assert main(["device", "clean", "ssh:board"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "runtime-0-cp311" in shown
    assert "s-dead" in shown
    assert "which a session is using" in shown
    live.close()
    assert board.left() == ["mine"] or board.left() == [".cache", "mine"]
    assert main(["device", "clean", "ssh:board"]) == 0
    assert "There was nothing to remove." in capsys.readouterr().out


@pytest.mark.slow
def test_closing_twice_and_after_the_server_is_gone(board: Server) -> None:
    session = RemoteSession(parse_address("board"), target="ssh:board", patience=HASTY)
    place = session.connection._place
    board.stop()
    session.close()
    session.close()
    assert not place.exists()


def test_nothing_stays_here_when_connecting_fails(
    board: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tempfile

    (tmp_path / "t").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "t"))
    board.know()
    assert main(["device", "check", "ssh:board"]) == 4
    assert list((tmp_path / "t").iterdir()) == []


@pytest.mark.slow
def test_a_socket_has_a_short_path_where_temporary_folders_have_a_long_one(
    board: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tempfile

    (tmp_path / ("t" * 100)).mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / ("t" * 100)))
    session = connect("ssh:board")
    assert session.run(["true"], on_line=print, timeout_s=20) == 0
    session.close()


@pytest.mark.slow
def test_a_temporary_folder_with_a_hostile_name(board: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    import tempfile

    with tempfile.TemporaryDirectory(prefix="a 'b\"%h$") as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        session = connect("ssh:board")
        assert session.run(["true"], on_line=print, timeout_s=20) == 0
        session.close()
        assert list(Path(folder).iterdir()) == []
    assert board.left() == []


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_benchmark_that_is_interrupted(
    board: Server, cnn: Path, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    """It ends what runs on the board before it ends itself."""
    command = [sys.executable, "-m", "litesmith", "benchmark", cnn, "--target", "ssh:board", "--sustain", "120"]
    with (tmp_path / "said").open("w+") as said:
        process = subprocess.Popen(command, stdout=said, stderr=said, cwd=tmp_path)
        until = time.monotonic() + 60
        while not any("latency.py" in line for line in board.marked("LITESMITH_RUN=")):
            assert time.monotonic() < until, (tmp_path / "said").read_text()
            time.sleep(0.1)
        process.send_signal(number)
        assert process.wait(timeout=30) == code
    assert board.left() == []
    assert board.marked() == []
