"""Programs on a real server: limits of time, lines that are cut, boards that hang; nothing goes on running."""

from __future__ import annotations

import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from ssh_server import Line, Server

from litesmith.core.errors import TargetError
from litesmith.remote.address import parse_address
from litesmith.remote.client import Patience
from litesmith.remote.session import RemoteSession

HASTY = Patience(
    connect_s=5, pauses_s=(0.1, 0.2, 0.5), alive_interval_s=1, alive_count=2, answer_s=10, stall_s=5, grace_s=3
)
COUNTING = ["sh", "-c", "sleep 300 & sleep 301 & while echo tick; do sleep 0.1; done"]


def opened() -> RemoteSession:
    return RemoteSession(parse_address("board"), target="ssh:board", patience=HASTY)


@pytest.fixture
def session(board: Server) -> Iterator[RemoteSession]:
    made = opened()
    yield made
    made.close()
    assert board.left() == []
    until(lambda: not board.marked())  # a keeper whose connection was lost looks once a second


def until(condition: object, limit_s: float = 20) -> None:
    assert callable(condition)
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.1)


def running(board: Server) -> list[str]:
    """Return what the sessions' programs are, without the keepers of the sessions."""
    return board.marked("LITESMITH_RUN=")


@pytest.mark.slow
def test_lines_come_as_they_are_printed(session: RemoteSession) -> None:
    seen: list[tuple[str, float]] = []
    command = ["sh", "-c", "echo one; sleep 0.5; printf two; sleep 0.1; echo ' end'; echo"]
    assert session.run(command, on_line=lambda line: seen.append((line, time.monotonic())), timeout_s=20) == 0
    assert [line for line, _ in seen] == ["one", "two end", ""]
    assert seen[1][1] - seen[0][1] > 0.3


@pytest.mark.slow
def test_much_output_and_much_input(session: RemoteSession) -> None:
    lines: list[str] = []
    given = "".join(f"line {number}\n" for number in range(200_000))
    assert session.run(["cat"], request=given, on_line=lines.append, timeout_s=60) == 0
    assert lines == given.splitlines()


@pytest.mark.slow
def test_too_long_ends_everything_it_started(session: RemoteSession, board: Server) -> None:
    seen: list[str] = []
    begun = time.monotonic()
    with pytest.raises(TargetError, match=r"^sh took longer than 1 s on ssh:board and was ended$"):
        session.run(COUNTING, on_line=seen.append, timeout_s=1)
    assert time.monotonic() - begun < 10
    assert "tick" in seen
    assert running(board) == []
    assert session.run(["true"], on_line=print, timeout_s=20) == 0


@pytest.mark.slow
def test_a_short_command_whose_answer_is_lost_is_asked_again(session: RemoteSession) -> None:
    """Seen on a busy emulated board. Here the shell that tells the exit code is killed."""
    once = "if mkdir once 2>/dev/null; then kill -9 $PPID; exit; fi; rmdir once; exit 3"
    assert session.connection.ask(["sh", "-c", f"cd; {once}"]).code == 3
    with pytest.raises(TargetError, match="ended without a word"):
        session.connection.ask(["sh", "-c", "kill -9 $PPID"])
    assert session.connection.alive


@pytest.mark.slow
def test_a_program_that_daemonizes_is_found_too(session: RemoteSession, board: Server) -> None:
    """It leaves its process group; the mark in its environment stays."""
    with pytest.raises(TargetError, match="took longer"):
        session.run(["sh", "-c", "setsid sh -c 'sleep 300' & sleep 300"], on_line=print, timeout_s=1)
    assert running(board) == []


@pytest.mark.slow
def test_what_goes_on_in_the_background_ends_with_the_session(board: Server) -> None:
    session = opened()
    background = "sleep 300 >/dev/null 2>&1 </dev/null & echo started"
    assert session.run(["sh", "-c", background], on_line=print, timeout_s=20) == 0
    assert len(running(board)) == 1
    session.close()
    assert board.marked() == []


@pytest.mark.slow
def test_a_line_that_is_cut_under_a_run(board: Server) -> None:
    line = Line(board.port)
    board.know(board.port, line.port)
    board.config(port=line.port)
    session = opened()
    seen: list[str] = []

    def cut(text: str) -> None:
        seen.append(text)
        if len(seen) == 3:
            line.cut()

    message = r"the connection to ssh:board was lost while sh ran; what still ran there was ended"
    with pytest.raises(TargetError, match=message) as caught:
        session.run(COUNTING, on_line=cut, timeout_s=60)
    assert "no measurement" in caught.value.hint
    assert line.connections == 2
    assert running(board) == []
    assert session.run(["echo", "again"], on_line=seen.append, timeout_s=20) == 0
    assert seen[-1] == "again"
    session.close()
    line.close()
    assert board.left() == []
    until(lambda: not board.marked())


@pytest.mark.slow
def test_a_server_process_that_is_killed_under_a_run(session: RemoteSession, board: Server) -> None:
    seen: list[str] = []

    def kill(text: str) -> None:
        seen.append(text)
        if len(seen) == 3:
            board.signal_connections(signal.SIGKILL)

    with pytest.raises(TargetError, match="was lost while sh ran; what still ran there was ended"):
        session.run(COUNTING, on_line=kill, timeout_s=60)
    assert running(board) == []


@pytest.mark.slow
def test_a_new_connection_ends_what_the_old_one_left_running(session: RemoteSession, board: Server) -> None:
    """Such as half a copy, which would still write when the new one does."""
    background = "sleep 300 >/dev/null 2>&1 </dev/null & echo started"
    assert session.run(["sh", "-c", background], on_line=print, timeout_s=20) == 0
    board.signal_connections(signal.SIGKILL)
    until(lambda: not session.connection.alive)
    assert running(board)
    assert session.run(["true"], on_line=print, timeout_s=20) == 0
    assert running(board) == []


@pytest.mark.slow
def test_a_board_that_goes_away_for_good_under_a_run(board: Server) -> None:
    """It tidies up by itself when nobody comes back."""
    line = Line(board.port)
    board.know(board.port, line.port)
    board.config(port=line.port)
    session = opened()
    session.send(Path(__file__))

    def cut(text: str) -> None:
        line.down = True
        line.cut()

    with pytest.raises(TargetError, match=r"what still runs there ends by itself within 3 s"):
        session.run(COUNTING, on_line=cut, timeout_s=60)
    session.close()
    until(lambda: not board.left() and not board.marked())
    line.close()


@pytest.mark.slow
def test_a_board_that_hangs_under_a_run(session: RemoteSession, board: Server) -> None:
    begun = time.monotonic()
    timers = []

    def freeze(text: str) -> None:
        if timers:
            return
        frozen = board.children()
        board.signal_connections(signal.SIGSTOP)
        timers.append(threading.Timer(6, lambda: [_wake(pid) for pid in frozen]))
        timers[0].start()

    with pytest.raises(TargetError, match="was lost while sh ran"):
        session.run(COUNTING, on_line=freeze, timeout_s=120)
    assert time.monotonic() - begun < 30
    timers[0].join()
    until(lambda: not running(board))


def _wake(pid: int) -> None:
    import contextlib
    import os

    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)


@pytest.mark.slow
def test_a_board_that_hangs_when_it_is_asked(board: Server) -> None:
    """Its server takes the connection and says nothing."""
    assert board.process is not None
    board.process.send_signal(signal.SIGSTOP)
    begun = time.monotonic()
    try:
        with pytest.raises(TargetError, match="does not answer") as caught:
            opened()
    finally:
        board.process.send_signal(signal.SIGCONT)
    assert time.monotonic() - begun < 15
    assert caught.value.hint


@pytest.mark.slow
def test_a_login_that_never_ends(board: Server) -> None:
    board.login("sleep 300")
    slow = Patience(connect_s=2, answer_s=2)
    with pytest.raises(TargetError, match="ssh:board did not answer within 4 s") as caught:
        RemoteSession(parse_address("board"), target="ssh:board", patience=slow)
    assert caught.value.hint
    board.signal_connections(signal.SIGKILL)


@pytest.mark.slow
def test_a_script_that_fails_says_its_last_words(session: RemoteSession, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("raise ValueError('planted')")
    message = r"^script\.py failed on ssh:board with code 1: ValueError: planted$"
    with pytest.raises(TargetError, match=message):
        session.run_script(script, [], request="", on_line=print, timeout_s=60)


@pytest.mark.slow
def test_a_script_that_is_killed(session: RemoteSession, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("import os; os.kill(os.getpid(), 9)")
    with pytest.raises(TargetError, match="failed on ssh:board with code 137: Killed"):
        session.run_script(script, [], request="", on_line=print, timeout_s=60)


def test_a_program_that_exits_as_ssh_does(session: RemoteSession) -> None:
    """ssh says 255 of itself when a connection fails."""
    assert session.run(["sh", "-c", "exit 255"], on_line=print, timeout_s=20) == 255


@pytest.mark.slow
def test_a_board_with_nothing_but_busybox(board: Server, tmp_path: Path) -> None:
    """Its tools take fewer options than those of GNU."""
    busybox = shutil.which("busybox")
    if busybox is None:
        pytest.skip("needs busybox: apt install busybox-static")
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout.split():
        (tools / name).symlink_to(busybox)
    board.login(f"PATH='{tools}'")
    folder = tmp_path / "a folder"
    folder.mkdir()
    (folder / "a\nfile").write_text("content")
    session = opened()
    assert session.preflight().facts.userland_bits == 64
    lines: list[str] = []
    show = 'readlink /proc/$$/exe; cat "$1"/*'
    assert session.run(["sh", "-c", show, "sh", session.send(folder)], on_line=lines.append, timeout_s=20) == 0
    assert lines == [str(Path(busybox).resolve()), "content"]
    with pytest.raises(TargetError, match="took longer"):
        session.run(["sleep", "300"], on_line=print, timeout_s=1)
    assert running(board) == []
    session.close()
    assert board.left() == []


@pytest.mark.slow
def test_a_board_that_comes_back_after_it_has_tidied_up(board: Server) -> None:
    """Paths that were given out lead nowhere: it must not go on as if nothing had been."""
    session = RemoteSession(
        parse_address("board"), target="ssh:board", patience=Patience(pauses_s=(4.0,), grace_s=1, answer_s=10)
    )
    session.send(Path(__file__))
    board.signal_connections(signal.SIGKILL)
    until(lambda: not session.connection.alive)
    with pytest.raises(TargetError, match="ssh:board was away for too long and has removed what was sent"):
        session.send(Path(__file__))
    session.close()
    until(lambda: not board.left() and not board.marked())
