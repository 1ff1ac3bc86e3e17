"""Names of hosts, good and bad."""

from __future__ import annotations

from pathlib import Path

import pytest
from ssh_server import Server

from litesmith.cli.main import main
from litesmith.core.connecting import resolve
from litesmith.core.elsewhere import quoted
from litesmith.core.errors import LitesmithError, UserError
from litesmith.remote.address import Address, parse_address
from litesmith.remote.client import Client, Patience


@pytest.mark.parametrize(
    ("text", "user", "host", "port"),
    [
        ("board", "", "board", 0),
        ("raspberrypi.local", "", "raspberrypi.local", 0),
        ("pi@192.168.1.20", "pi", "192.168.1.20", 0),
        ("pi@board:2222", "pi", "board", 2222),
        ("board:22", "", "board", 22),
        ("[::1]", "", "::1", 0),
        ("pi@[fe80::1%eth0]:2222", "pi", "fe80::1%eth0", 2222),
        ("user_1@my_alias-2", "user_1", "my_alias-2", 0),
    ],
)
def test_good_addresses(text: str, user: str, host: str, port: int) -> None:
    address = parse_address(text)
    assert address == Address(user=user, host=host, port=port)
    assert str(address) == text


@pytest.mark.parametrize(
    ("typed", "address"),
    [("pi@board", "pi@board"), ("pi@board:2222", "pi@board:2222"), ("ssh:board", "board"), ("[::1]:22", "[::1]:22")],
)
def test_hosts_among_targets(typed: str, address: str) -> None:
    target, found = resolve(typed)
    assert (target.name, found) == ("ssh", address)


BAD = [
    "",
    "-oProxyCommand=touch planted",
    "-l",
    "pi@-oProxyCommand=touch planted",
    "-oProxyCommand=touch planted@board",
    "@board",
    "pi@",
    "a b",
    "pi@a b",
    "p i@board",
    "board;touch planted",
    "board$(touch planted)",
    "board`touch planted`",
    "$(touch planted)@board",
    "board|touch planted",
    "board&touch planted",
    "board\ntouch planted",
    "pi\n@board",
    "board\n",
    "board\0",
    "'board'",
    'bo"ard',
    "board\\",
    "board:",
    "board:0",
    "board:65536",
    "board:22x",
    "board:-1",
    "board:2 2",
    "board:\u0662\u0662",
    "::1",
    "fe80::1",
    "[::1",
    "[]",
    "[board]",
    "[::1]x",
    "[::1]:",
    "pi@host@board",
    "b\u00f6ard",
    "board/../x",
    "x" * 20 + "/" + "y",
]


@pytest.mark.parametrize("text", BAD)
def test_bad_addresses_name_what_is_wrong_and_run_nothing(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError) as caught:
        parse_address(text)
    assert caught.value.hint
    assert "\n" not in caught.value.message
    assert main(["device", "check", f"ssh:{text}"]) == 2
    assert list(tmp_path.iterdir()) == []


def test_an_address_in_ipv6_is_told_about_brackets() -> None:
    with pytest.raises(UserError) as caught:
        parse_address("fe80::1")
    assert caught.value.hint == "Write it like [fe80::1]."


def test_ssh_is_never_let_ask_or_accept_anything() -> None:
    client = Client(address=parse_address("pi@board:2222"), socket=Path("c"), config="", patience=Patience())
    for command in (client.master(["true"]), client.over_it(["true"])):
        assert {"BatchMode=yes", "StrictHostKeyChecking=yes", "ForwardAgent=no"} <= set(command)
        assert command[-7:] == ["-p", "2222", "-l", "pi", "--", "board", "true"]


def test_a_command_with_a_nul() -> None:
    with pytest.raises(LitesmithError, match="has a NUL character"):
        quoted(["a", "b\0c"])


HOSTILE = [
    "$(touch planted)",
    "`touch planted`",
    "; touch planted;",
    "'\"; touch planted; '",
    "a\ntouch planted",
    "-rf",
    "* ?",
]


@pytest.mark.slow
def test_nothing_that_is_sent_or_run_is_read_by_a_shell(board: Server, tmp_path: Path) -> None:
    """Names of files, programs, arguments and what is fed to them."""
    from litesmith.core.connecting import connect

    folder = tmp_path / "files"
    folder.mkdir()
    session = connect("ssh:board")
    try:
        for name in HOSTILE:
            (folder / name).write_text(name)
            lines: list[str] = []
            there = session.send(folder / name)
            assert session.run(["cat", "--", there], on_line=lines.append, timeout_s=20) == 0
            assert "\n".join(lines) == name
            lines.clear()
            assert session.run(["printf", "%s|", *HOSTILE], request=name, on_line=lines.append, timeout_s=20) == 0
            assert "\n".join(lines) == "".join(f"{text}|" for text in HOSTILE)
            with pytest.raises(LitesmithError):
                session.run([name], on_line=lines.append, timeout_s=20)
        assert [name for name in board.left() if name.rpartition("/")[2] == "planted"] == []
    finally:
        session.close()
    assert board.left() == []
    assert not Path("planted").exists()
