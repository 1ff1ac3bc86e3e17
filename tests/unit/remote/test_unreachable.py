"""A machine that cannot be reached, for real: what is said, what to do about it, and the exit code."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from ssh_server import Line, Server, free_port, make_key

from litesmith.cli.main import main
from litesmith.core.connecting import connect
from litesmith.core.errors import TargetError
from litesmith.remote.address import parse_address
from litesmith.remote.faults import Unreachable, fault_of


def checked(capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Return exit code and error stream of `litesmith device check ssh:board`."""
    code = main(["device", "check", "ssh:board"])
    return code, capsys.readouterr().err


def test_host_down(board: Server, capsys: pytest.CaptureFixture[str]) -> None:
    board.config(port=free_port())
    code, said = checked(capsys)
    assert code == 4
    assert "error: board refused the connection: nothing listens there" in said
    assert "hint: Is ssh switched on there (sudo systemctl enable --now ssh)" in said


def test_unknown_host_key(board: Server, capsys: pytest.CaptureFixture[str]) -> None:
    board.know()
    code, said = checked(capsys)
    assert code == 4
    assert "error: the host key of board is not known here, and unknown keys are refused" in said
    assert f"hint: Type ssh -F {board.folder}/ssh_config board once, and answer yes if the fingerprint" in said
    assert (board.folder / "known_hosts").read_text() == ""  # it was not accepted in passing


def test_changed_host_key(board: Server, capsys: pytest.CaptureFixture[str]) -> None:
    """The command in the hint makes ssh forget the old one."""
    make_key(board.folder / "other")
    board.know(board.port, key="other")
    code, said = checked(capsys)
    assert code == 4
    assert "error: the host key of board has changed to SHA256:" in said
    assert board.left() == []
    command = said.partition("If you know why: ")[2].partition(", then ")[0]
    assert shlex.split(command)[:2] == ["ssh-keygen", "-f"]
    subprocess.run(shlex.split(command), check=True, capture_output=True)
    assert "is not known here" in checked(capsys)[1]


def test_wrong_key(board: Server, capsys: pytest.CaptureFixture[str]) -> None:
    board.config(IdentityFile=make_key(board.folder / "wrong"))
    code, said = checked(capsys)
    assert code == 4
    assert "error: board accepts none of your keys; passwords are never asked for" in said
    assert "ssh-copy-id" in said


def test_a_key_that_others_can_read(board: Server, capsys: pytest.CaptureFixture[str]) -> None:
    loose = board.folder / "a key"
    shutil.copyfile(board.folder / "user_key", loose)
    loose.chmod(0o644)
    board.config(IdentityFile=f'"{loose}"')
    code, said = checked(capsys)
    assert code == 4
    assert f"chmod 600 '{loose}'" in said


def test_a_server_that_hangs_up(board: Server, capsys: pytest.CaptureFixture[str]) -> None:
    line = Line(board.port)
    line.down = True
    board.know(board.port, line.port)
    board.config(port=line.port)
    code, said = checked(capsys)
    line.close()
    assert code == 4
    assert "error: board ended the connection before anybody was logged in" in said


def test_a_config_that_ssh_refuses(board: Server, capsys: pytest.CaptureFixture[str]) -> None:
    board.config(NoSuchOption="1")
    code, said = checked(capsys)
    assert code == 4
    assert "error: ssh refuses its settings" in said
    assert "nosuchoption" in said.lower()


def test_a_config_file_that_is_not_there(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("LITESMITH_SSH_CONFIG", "/no/such file")
    code, said = checked(capsys)
    assert code == 2
    assert "LITESMITH_SSH_CONFIG names /no/such file, which is no file" in said


def test_no_ssh_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    code, said = checked(capsys)
    assert code == 2
    assert "error: there is no ssh here" in said
    assert "apt install openssh-client" in said


def test_errors_as_json(board: Server, capsys: pytest.CaptureFixture[str]) -> None:
    board.config(port=free_port())
    assert main(["device", "check", "ssh:board", "--json"]) == 4
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["exit_code"] == 4
    assert "refused the connection" in error["message"]


@pytest.mark.parametrize(
    ("fragment", "message"),
    [
        ("export HOME=/proc/nothing", r"no folder can be made below ~/\.cache on ssh:board"),
        ("exit 3", "ssh could not connect to board"),
    ],
)
@pytest.mark.slow
def test_a_login_that_leads_nowhere(board: Server, fragment: str, message: str) -> None:
    board.login(fragment)
    with pytest.raises(TargetError, match=message) as caught:
        connect("ssh:board")
    assert caught.value.hint


@pytest.mark.slow
def test_a_login_that_talks(board: Server) -> None:
    """As from an `echo` in a .bashrc."""
    board.login((board.folder / "login").read_text() + "echo ready when you are; echo begin=litesmith; echo odd >&2")
    session = connect("ssh:board")
    try:
        assert session.preflight().ready
        assert session.run(["true"], on_line=print, timeout_s=20) == 0
    finally:
        session.close()
    assert board.left() == []


@pytest.mark.parametrize(
    ("said", "message", "again"),
    [
        ("ssh: Could not resolve hostname nosuch: Name or service not known", "host 'board' was not found", True),
        (
            "ssh: connect to host h port 22: Connection timed out",
            r"does not answer \(connection timed out\)",
            True,
        ),
        ("ssh: connect to host 10.0.0.9 port 22: No route to host", r"does not answer \(no route to host\)", True),
        ("ssh: connect to host x port 22: Network is unreachable", r"does not answer", True),
        ("Connection timed out during banner exchange", "does not answer", True),
        ("kex_exchange_identification: Connection closed by remote host", "ended the connection before", True),
        (
            "Unable to negotiate with 10.0.0.9 port 22: no matching host key type found. Their offer: ssh-rsa",
            "no host key type in common",
            False,
        ),
        (
            "No ED25519 host key is known for h and you have requested strict checking.",
            "is not known",
            False,
        ),
        ("root@x: Permission denied (publickey,password).", "accepts none of your keys", False),
        ("Received disconnect from 10.0.0.9: 2: Too many authentication failures", "accepts none of your keys", False),
        ("something new", "ssh could not connect to pi@board:2222: something new", False),
        ("", "ssh could not connect to pi@board:2222$", False),
    ],
)
def test_what_ssh_says(said: str, message: str, again: bool) -> None:
    with pytest.raises(TargetError, match=message) as caught:
        raise fault_of(said, parse_address("pi@board:2222"))
    assert isinstance(caught.value, Unreachable) == again
    assert caught.value.hint


@pytest.mark.slow
def test_a_jump_host(board: Server) -> None:
    """As in the user's ssh_config: here the board is its own jump host."""
    config = board.config(ProxyJump="jump")
    lines = config.read_text()
    config.write_text(lines + lines.replace("Host board", "Host jump").replace("  ProxyJump jump\n", ""))
    session = connect("ssh:board")
    assert session.run(["true"], on_line=print, timeout_s=20) == 0
    session.close()
    assert board.left() == []
    assert (board.folder / "log").read_text().count("Accepted publickey") == 2
