"""Copying to a real server, over lines that are cut and onto disks that are full."""

from __future__ import annotations

import contextlib
import itertools
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from ssh_server import Line, Server

from litesmith.core.errors import SourceError, TargetError
from litesmith.core.files import sha256_file
from litesmith.remote.address import parse_address
from litesmith.remote.client import Patience
from litesmith.remote.session import RemoteSession

pytestmark = pytest.mark.slow

HASTY = Patience(pauses_s=(0.1, 0.2, 0.5), alive_interval_s=1, alive_count=2, answer_s=20, stall_s=5, grace_s=3)
SIZE = 12_000_000


@pytest.fixture
def line(board: Server) -> Iterator[Line]:
    """A line to the board that can be cut; `ssh:board` goes over it."""
    made = Line(board.port)
    board.know(board.port, made.port)
    board.config(port=made.port)
    yield made
    made.close()


@pytest.fixture
def session(board: Server) -> Iterator[RemoteSession]:
    opened = RemoteSession(parse_address("board"), target="ssh:board", patience=HASTY)
    yield opened
    opened.close()
    assert board.left() == []


@pytest.fixture
def big(tmp_path: Path) -> Path:
    path = tmp_path / "big.bin"
    path.write_bytes(os.urandom(SIZE))
    return path


def test_a_copy_that_is_cut_goes_on_where_it_ended(line: Line, board: Server, big: Path) -> None:
    line.cut_after = [5_000_000, 5_000_000]
    session = RemoteSession(parse_address("board"), target="ssh:board", patience=HASTY)
    seen: list[int] = []
    session.progress = lambda stage, done, total: seen.append(done)
    there = session.send(big)
    assert sha256_file(Path(there)) == sha256_file(big)
    assert line.connections == 3
    after_a_cut = [later for before, later in itertools.pairwise(seen) if later < before]
    assert after_a_cut, "it was not cut"
    assert min(after_a_cut) > 1_000, "it began anew"
    assert seen[-1] == SIZE // 1000
    session.close()
    until_gone(board)


def test_a_line_that_stays_cut(line: Line, board: Server, big: Path) -> None:
    line.cut_after = [5_000_000]
    session = RemoteSession(parse_address("board"), target="ssh:board", patience=HASTY)
    line.down = True
    line.connections = 0
    with pytest.raises(TargetError, match=r"the connection to ssh:board was lost while big\.bin was sent") as caught:
        session.send(big)
    assert caught.value.hint
    assert line.connections == len(HASTY.pauses_s)
    session.close()
    until_gone(board)


def test_a_line_that_is_cut_too_often(line: Line, board: Server, big: Path) -> None:
    line.cut_after = [8_000_000, *[20_000] * 30]
    session = RemoteSession(parse_address("board"), target="ssh:board", patience=HASTY)
    line.cut()
    with pytest.raises(TargetError, match="was lost while"):
        session.send(big)
    line.cut_after = []
    session.close()
    assert board.left() == []


def until_gone(board: Server) -> None:
    """Wait until the board has tidied up by itself."""
    import time

    until = time.monotonic() + 20
    while (board.left() or board.marked()) and time.monotonic() < until:
        time.sleep(0.2)
    assert board.left() == []
    assert board.marked() == []


def test_what_is_there_is_not_sent_again(session: RemoteSession, big: Path, tmp_path: Path) -> None:
    seen: list[int] = []
    first = session.send(big)
    session.progress = lambda stage, done, total: seen.append(done)
    assert session.send(big) == first
    assert seen == [SIZE // 1000]
    twin = tmp_path / "other" / "big.bin"
    twin.parent.mkdir()
    twin.write_bytes(b"changed")
    assert session.send(twin) != first
    assert Path(session.send(twin)).read_bytes() == b"changed"


def test_a_folder_of_links_and_twins(session: RemoteSession, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "outside").write_text("outside")
    (folder / "link").symlink_to(tmp_path / "outside")
    (folder / "one").write_text("same")
    os.link(folder / "one", folder / "two")
    there = Path(session.send(folder))
    assert {path.name: path.read_text() for path in there.iterdir()} == {
        "link": "outside",
        "one": "same",
        "two": "same",
    }
    assert not (there / "link").is_symlink()
    assert session.send(folder) == str(there)


def test_what_cannot_be_read_here(session: RemoteSession, tmp_path: Path) -> None:
    (tmp_path / "loop").mkdir()
    (tmp_path / "loop" / "inner").symlink_to(tmp_path / "loop")
    os.mkfifo(tmp_path / "pipe")
    for item, message in (
        (tmp_path / "nosuch", "nosuch cannot be read: No such file or directory"),
        (tmp_path / "loop", "inner is a link to a folder"),
        (tmp_path / "pipe", "is neither a file nor a folder"),
        (Path("/"), "is neither a file nor a folder with a name"),
    ):
        with pytest.raises(SourceError, match=message) as caught:
            session.send(item)
        assert caught.value.hint


def test_a_file_that_changes_while_it_is_sent(session: RemoteSession, big: Path) -> None:
    """It would be other bytes under the old name."""

    def change(stage: str, done: int, total: int) -> None:
        with big.open("r+b") as file:
            file.seek(SIZE - 10)
            file.write(os.urandom(10))

    session.progress = change
    with pytest.raises(TargetError, match=r"big\.bin arrived on ssh:board with another content, twice"):
        session.send(big)


def test_an_empty_file_and_an_empty_folder(session: RemoteSession, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "nothing").mkdir()
    assert Path(session.send(tmp_path / "empty")).read_bytes() == b""
    assert list(Path(session.send(tmp_path / "nothing")).iterdir()) == []


@pytest.fixture
def small_disk(board: Server) -> Iterator[Path]:
    """The board's home is a disk of 3 MB."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(board.home)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting is not allowed here")
    yield board.home
    subprocess.run(["umount", board.home], check=True)


def test_a_disk_that_is_too_small(board: Server, small_disk: Path, big: Path) -> None:
    session = RemoteSession(parse_address("board"), target="ssh:board", patience=HASTY)
    seen: list[int] = []
    session.progress = lambda stage, done, total: seen.append(done)
    with pytest.raises(
        TargetError, match=r"the disk of ssh:board is full: big\.bin needs 12 MB, 3\.1\d MB were free"
    ) as caught:
        session.send(big)
    assert "Free some space" in caught.value.hint
    assert seen == []  # it is known before anything is sent
    assert not [name for name in board.left() if "big" in name or "part" in name]
    session.close()
    assert board.left() == []


def test_a_disk_that_fills_up_meanwhile(board: Server, small_disk: Path, tmp_path: Path) -> None:
    """There seems to be room, and then there is none."""
    session = RemoteSession(parse_address("board"), target="ssh:board", patience=HASTY)
    (tmp_path / "m.tflite").write_bytes(os.urandom(2_500_000))
    filled: list[int] = []

    def fill(stage: str, done: int, total: int) -> None:
        if not filled:
            filled.append((small_disk / "other").write_bytes(bytes(2_900_000)))

    session.progress = fill
    with pytest.raises(TargetError, match=r"the disk of ssh:board is full: m\.tflite needs 2\.5 MB"):
        session.send(tmp_path / "m.tflite")
    assert not [name for name in board.left() if "part" in name or "tflite" in name]
    session.close()
    assert board.left() == ["other"]


def test_a_disk_with_no_room_for_a_folder(board: Server, small_disk: Path) -> None:
    with contextlib.suppress(OSError), (small_disk / "other").open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    with pytest.raises(TargetError, match="disk of ssh:board is full"):
        RemoteSession(parse_address("board"), target="ssh:board", patience=HASTY)
    assert [name for name in board.left() if "s-" in name] == []


def test_a_limit_on_the_size_of_files(board: Server, big: Path) -> None:
    """As a quota has it; df knows nothing of it."""
    board.login((board.folder / "login").read_text() + "ulimit -f 4000")
    session = RemoteSession(parse_address("board"), target="ssh:board", patience=HASTY)
    with pytest.raises(TargetError, match=r"the disk of ssh:board is full: big\.bin needs 12 MB"):
        session.send(big)
    session.close()
    assert board.left() == []


def test_a_board_without_sha256sum(board: Server, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in (
        "sh",
        "env",
        "mkdir",
        "cat",
        "rm",
        "rmdir",
        "find",
        "grep",
        "sed",
        "wc",
        "df",
        "tail",
        "cut",
        "mv",
        "sleep",
    ):
        (tools / name).symlink_to(f"/usr/bin/{name}" if Path(f"/usr/bin/{name}").exists() else f"/bin/{name}")
    board.login(f"PATH='{tools}'")
    session = RemoteSession(parse_address("board"), target="ssh:board", patience=HASTY)
    with pytest.raises(TargetError, match="ssh:board has no sha256sum"):
        session.send(Path(__file__))
    session.close()
    assert board.left() == []
