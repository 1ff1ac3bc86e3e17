"""What every target promises. Those that need an address are run where there is a device for them."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import ssh_server

from litesmith.core.device import Device
from litesmith.core.errors import LitesmithError, TargetError, UserError
from litesmith.core.registry import load_plugins, plugin_names
from litesmith.core.target import Session, Target

PACKAGE = "litesmith.targets"
TARGETS: dict[str, Target] = load_plugins(PACKAGE, kind="target")
by_name = pytest.mark.parametrize("name", plugin_names(PACKAGE))


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What the `ssh` target connects to."""
    if ssh_server.sshd() is None:
        pytest.skip("needs sshd: apt install openssh-server")
    started = ssh_server.start_board(tmp_path_factory.mktemp("ssh") / "board")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LITESMITH_SSH_CONFIG", str(started.config()))
        yield
    started.stop()
    assert started.left() == []


def _where(name: str) -> object:
    """`local` is quick; a connection takes a second."""
    return name if name == "local" else pytest.param(name, marks=pytest.mark.slow)


PYTHON_TARGETS = [name for name in plugin_names(PACKAGE) if name != "adb"]
"""Phones have no Python; what they promise is held in tests/device/test_phone.py."""


@pytest.fixture(scope="module", params=[_where(name) for name in PYTHON_TARGETS])
def session(request: pytest.FixtureRequest) -> Iterator[Session]:
    address = ""
    if request.param == "ssh":
        request.getfixturevalue("board")
        address = "board"
    try:
        opened = TARGETS[request.param].connect(address)
    except UserError as error:
        pytest.skip(f"{request.param} needs an address: {error.hint}")
    yield opened
    opened.close()
    opened.close()  # harmless


def test_this_machine_is_a_target() -> None:
    assert "local" in TARGETS


@by_name
def test_name_is_the_file_name_and_it_says_what_it_is(name: str) -> None:
    assert TARGETS[name].name == name
    assert 5 < len(TARGETS[name].summary) <= 90


@by_name
def test_a_senseless_address_is_an_error_of_ours_with_something_to_do(name: str) -> None:
    with pytest.raises(LitesmithError) as caught:
        TARGETS[name].connect("not a \0 place")
    assert caught.value.exit_code in (2, 4)
    assert caught.value.hint


def test_the_device_is_described(session: Session) -> None:
    device = session.device()
    assert isinstance(device, Device)
    assert device.target.partition(":")[0] in TARGETS
    for entry in dataclasses.fields(device):
        assert getattr(device, entry.name) not in ("", None, 0) or entry.name == "emulated"


def test_what_is_sent_can_be_read_there(session: Session, tmp_path: Path) -> None:
    """A name that a shell would take apart."""
    file = tmp_path / "a b; $HOME 'ü'.bin"
    file.write_bytes(bytes(range(256)))
    script = tmp_path / "script.py"
    script.write_text("import sys, json\nprint(json.dumps(list(open(json.load(sys.stdin), 'rb').read())))\n")
    lines: list[str] = []
    session.run_script(script, [], request=json.dumps(session.send(file)), on_line=lines.append, timeout_s=30)
    assert json.loads(lines[-1]) == list(range(256))


def test_a_folder_arrives_with_all_in_it(session: Session, tmp_path: Path) -> None:
    folder = tmp_path / "-a folder"
    (folder / "ü $x" / "empty").mkdir(parents=True)
    (folder / "ü $x" / "new\nline").write_bytes(b"\0\1")
    (folder / "run.sh").write_text("#!/bin/sh\necho ran\n")
    (folder / "run.sh").chmod(0o755)
    there = session.send(folder)
    lines: list[str] = []
    listing = ["find", there, "-mindepth", "1", "-printf", r"%P\0%y\0"]
    assert session.run(listing, on_line=lines.append, timeout_s=30) == 0
    found = "\n".join(lines).split("\0")
    assert sorted(zip(found[::2], found[1::2], strict=False)) == [
        ("run.sh", "f"),
        ("ü $x", "d"),
        ("ü $x/empty", "d"),
        ("ü $x/new\nline", "f"),
    ]
    assert session.run([f"{there}/run.sh"], on_line=lines.append, timeout_s=30) == 0
    assert lines[-1] == "ran"


def test_a_program_gives_its_code_and_its_error_lines(session: Session) -> None:
    lines: list[str] = []
    errors: list[str] = []
    command = ["sh", "-c", 'cat; echo "$1" >&2; exit 3', "sh", "$(id); 'ü'"]
    code = session.run(command, request="given", on_line=lines.append, on_error=errors.append, timeout_s=20)
    assert (code, lines, errors) == (3, ["given"], ["$(id); 'ü'"])


def test_a_program_that_a_signal_ended(session: Session) -> None:
    assert session.run(["sh", "-c", "kill -9 $$"], on_line=print, timeout_s=20) == 137


def test_a_program_that_is_not_there(session: Session) -> None:
    with pytest.raises(TargetError, match="nosuchprogram could not be started"):
        session.run(["nosuchprogram"], on_line=print, timeout_s=20)


def test_the_preflight(session: Session) -> None:
    found = session.preflight()
    assert found.target == session.device().target
    assert found.emulated == session.device().emulated
    assert found.ready
    assert found.facts.runtime.startswith("ai-edge-litert ")
    assert found.facts.python == session.device().python


def test_a_script_that_reads_nothing(session: Session, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("print('done')")
    lines: list[str] = []
    session.run_script(script, [], request="x" * 1_000_000, on_line=lines.append, timeout_s=30)
    assert lines == ["done"]


def test_an_error_here_ends_the_script_there(session: Session, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(60)")
    lines: list[str] = []

    def on_line(line: str) -> None:
        lines.append(line)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        session.run_script(script, [], request="", on_line=on_line, timeout_s=20)
    running = ["grep", "-s", "^State:.[^ZX]", f"/proc/{lines[0]}/status"]  # whether it waits to be reaped is not ours
    assert session.run(running, on_line=print, timeout_s=20) != 0


def test_arguments_arrive_as_they_are(session: Session, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("import sys, json\nprint(json.dumps(sys.argv[1:]))\n")
    arguments = ["plain", "two words", "$(id)", "'quoted\"", "", "--flag=ü"]
    lines: list[str] = []
    session.run_script(script, arguments, request="", on_line=lines.append, timeout_s=30)
    assert json.loads(lines[-1]) == arguments


@pytest.mark.parametrize("body", ["import sys; sys.exit('planted')", "import os; os.abort()", "syntax error"])
def test_a_script_that_fails(session: Session, tmp_path: Path, body: str) -> None:
    script = tmp_path / "script.py"
    script.write_text(body)
    with pytest.raises(TargetError, match=r"script\.py failed"):
        session.run_script(script, [], request="", on_line=print, timeout_s=30)


def test_a_script_that_takes_too_long(session: Session, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("import time\ntime.sleep(60)")
    with pytest.raises(TargetError, match=r"took longer than 0\.4 s"):
        session.run_script(script, [], request="", on_line=print, timeout_s=0.4)
