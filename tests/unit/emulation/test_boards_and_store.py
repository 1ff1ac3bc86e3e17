"""Names of boards, their /sys, and what is kept of them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from litesmith.core.errors import OutputError, TargetError, UnknownNameError, UserError
from litesmith.emulation import making, power, ssh_files, store
from litesmith.emulation.boards import BOARDS, board_named
from litesmith.emulation.fake_sys import write_sys
from litesmith.emulation.store import Made, Place, Running


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setenv("LITESMITH_HOME", str(tmp_path / "home"))
    made = Place(board_named("virtual-pi:5"))
    made.folder.mkdir(parents=True)
    return made


def made() -> Made:
    return Made(base="abc", qemu="10.0.2", seconds=1.5, size_bytes=12)


def own(**changed: object) -> Running:
    values = {"pid": os.getpid(), "start_ticks": store.start_ticks(os.getpid()), "boot": store.boot_id(), "port": 1}
    return Running(**{**values, "kept": False, **changed})  # type: ignore[arg-type]


def test_names() -> None:
    assert board_named("virtual-pi") is board_named("virtual-pi:5") is BOARDS["5"]
    assert board_named("virtual-pi:4").cpu == "cortex-a72"
    with pytest.raises(UnknownNameError, match="unknown virtual Pi '3'"):
        board_named("virtual-pi:3")
    with pytest.raises(UserError, match="'pi@host' is no virtual device"):
        board_named("pi@host")


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_sys_has_what_programs_look_for(board: object, tmp_path: Path) -> None:
    chosen = BOARDS[getattr(board, "number")]  # noqa: B009
    write_sys(tmp_path, chosen)
    cpus = tmp_path / "sys/devices/system/cpu"
    assert (cpus / "possible").read_text() == (cpus / "present").read_text() == "0-3\n"
    assert [(cpus / f"cpu{i}/topology/core_id").read_text() for i in range(4)] == ["0\n", "1\n", "2\n", "3\n"]
    assert (tmp_path / "sys/firmware/devicetree/base/model").read_bytes() == chosen.model.encode() + b"\0"


def test_home_follows_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("LITESMITH_HOME", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert store.home() == tmp_path / "litesmith"
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert store.home() == tmp_path / ".local/share/litesmith"
    monkeypatch.setenv("LITESMITH_HOME", str(tmp_path / "with space"))
    assert store.home() == tmp_path / "with space"


@pytest.mark.parametrize("name", ["line\nbreak", 'quo"te', "${HOME}"])
def test_a_home_no_ssh_configuration_can_name_is_refused(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LITESMITH_HOME", str(tmp_path / name))
    with pytest.raises(OutputError, match="cannot be kept in"):
        store.home()


def test_records_come_back(place: Place) -> None:
    assert place.made() is None
    assert place.running() is None
    store.write_made(place.folder, made())
    place.note(own())
    assert place.made() == made()
    assert place.running() == own()
    place.forget_running()
    assert place.running() is None


@pytest.mark.parametrize("changed", [{"start_ticks": 1}, {"boot": "another"}, {"pid": 2**22 - 1}])
def test_another_process_of_the_same_id_is_not_ours(changed: dict[str, object], place: Place) -> None:
    place.note(own(**changed))
    assert place.running() is None


def test_only_the_process_that_was_started_is_ended() -> None:
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        ticks = store.start_ticks(bystander.pid)
        assert ticks is not None
        power.end(own(pid=bystander.pid, start_ticks=ticks + 1))
        assert bystander.poll() is None
        power.end(own(pid=bystander.pid, start_ticks=ticks))
        assert bystander.wait(timeout=10) == -15
    finally:
        bystander.kill()
        bystander.wait()


def test_a_process_that_has_ended_has_no_start(place: Place) -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    assert store.start_ticks(child.pid) is None
    power.end(own(pid=child.pid))


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": 1}', '{"a": 2}'])
def test_damaged_records_say_which_file(text: str, place: Place) -> None:
    for name, read in (("device.json", place.made), ("running.json", place.running)):
        (place.folder / name).write_text(text, encoding="utf-8")
        with pytest.raises(TargetError, match=f"{name} cannot be read as the state of virtual-pi:5"):
            read()


def test_what_was_not_created_says_how_it_is(place: Place) -> None:
    for action in (lambda: power.start(place, kept=True), lambda: power.stop(place)):
        with pytest.raises(UserError, match="virtual-pi:5 was not created") as caught:
            action()
        assert caught.value.hint == "Type: litesmith device create virtual-pi:5"
    place.folder.rmdir()
    with pytest.raises(UserError, match="was not created"):
        making.remove(place.board)


def test_the_last_user_is_known(place: Place) -> None:
    with place.used() as first:
        assert store.last_user(first)
    with place.used() as first, place.used() as second:
        assert not store.last_user(first)
        assert not store.last_user(second)


@pytest.mark.skipif(shutil.which("ssh") is None, reason="no ssh here (apt install openssh-client)")
def test_the_client_configuration_names_awkward_folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LITESMITH_HOME", str(tmp_path / "a b%d'#"))
    place = Place(board_named("virtual-pi:4"))
    place.folder.mkdir(parents=True)
    ssh_files.write_client(place, 2201)
    asked = subprocess.run(["ssh", "-G", *ssh_files.login(place)[1:]], capture_output=True, text=True, check=False)
    found = dict(line.split(" ", 1) for line in asked.stdout.splitlines() if " " in line)
    assert found["port"] == "2201"
    assert found["user"] == "pi"
    assert found["userknownhostsfile"].replace("%%", "%") == f"{place.folder}/known_hosts"
    assert found["stricthostkeychecking"] == "true"


def test_a_list_shows_what_could_be(place: Place) -> None:
    place.folder.rmdir()
    listed = making.look_at_all()
    assert [(device.target, device.state) for device in listed] == [
        ("virtual-pi:4", "absent"),
        ("virtual-pi:5", "absent"),
    ]
    place.folder.mkdir()
    store.write_made(place.folder, made())
    place.note(own())
    found = making.look(place.board)
    assert (found.state, found.pid, found.port) == ("running", os.getpid(), 1)
    assert json.dumps(found.login)
