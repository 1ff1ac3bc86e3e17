"""Phones that are not there, not ready, full, or unplugged in the middle, and clients that are killed; all for real."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from phone_sessions import (
    BAD,
    DEADLINE_S,
    GOOD,
    GOOD_PHONE,
    eventually,
    left,
    lines_of,
    on_phone,
    opened,
    servers_outside,
)
from virtual_phone import UNAUTHORIZED_PORT, Room

from litesmith.core.connecting import connect
from litesmith.core.errors import TargetError, UserError
from litesmith.phone.copying import push
from litesmith.phone.faults import Gone

pytestmark = pytest.mark.device


@pytest.fixture
def plugged(phones: Room) -> Iterator[Room]:
    """For tests that unplug the good phone: afterwards it is there again."""
    yield phones
    phones.tell("plug good")
    phones.connect(GOOD_PHONE)


def test_several_devices_and_none_named(phones: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(
        UserError, match=r"2 devices are attached, and 'adb' names none of them: .*16555.*16556"
    ) as caught:
        connect("adb")
    assert "Name one, such as adb:127.0.0.1:16555" in caught.value.hint
    with pytest.raises(TargetError, match=r"no device '127.0.0.1x16555' is attached") as unknown:
        connect("adb:127.0.0.1x16555")
    assert "Did you mean adb:127.0.0.1:16555?" in unknown.value.hint
    monkeypatch.setenv("ANDROID_SERIAL", GOOD_PHONE.serial)
    session = connect("adb")
    assert session.device().target == GOOD
    session.close()


def test_an_address_that_adb_does_not_know_yet(phones: Room) -> None:
    phones.adb("disconnect", GOOD_PHONE.serial)
    connect(GOOD).close()
    with pytest.raises(TargetError, match=r"adb:127.0.0.1:16999 cannot be connected to: .*Connection refused"):
        connect("adb:127.0.0.1:16999")


def test_a_phone_on_which_nobody_taps_allow(phones: Room) -> None:
    serial = f"127.0.0.1:{UNAUTHORIZED_PORT}"
    try:
        with pytest.raises(TargetError, match=r"has not allowed this computer to debug it \(unauthorized\)") as caught:
            connect(f"adb:{serial}")
        assert "tap Allow" in caught.value.hint
    finally:
        phones.adb("disconnect", serial)


def test_sessions_side_by_side(phones: Room) -> None:
    sessions = [opened(target) for target in (GOOD, GOOD, BAD)]
    answers: dict[int, list[str]] = {}

    def work(number: int) -> None:
        script = 'sleep 0.3; echo "$1" >mine; cat mine'
        answers[number] = lines_of(sessions[number], "sh", "-c", script, "sh", str(number))[1]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for session in sessions:
        session.close()
    assert answers == {0: ["0"], 1: ["1"], 2: ["2"]}


def test_a_full_phone(phones: Room, tmp_path: Path) -> None:
    session = opened(BAD)
    try:
        large = tmp_path / "large.tflite"
        large.write_bytes(bytes(7_000_000))
        with pytest.raises(TargetError, match=r"storage of .*16556 is full: large.tflite needs 7 MB, 6 MB were free"):
            session.send(large)
        with pytest.raises(TargetError, match=r"storage of .*16556 is full: large.tflite needs 7 MB"):
            push(session.connection, large, f"{session.connection.folder}/x", name=large.name)
        assert lines_of(session, "sh", "-c", "ls | grep -v keeper")[1] == []
        lines_of(session, "sh", "-c", "dd if=/dev/zero of=full bs=65536 2>/dev/null || cat /dev/zero >full")
        with pytest.raises(TargetError, match=r"no space left|is full"):
            connect(BAD)
    finally:
        session.close()
    connect(BAD).close()


def test_a_phone_that_lets_nothing_be_written(phones: Room) -> None:
    on_phone(phones, "chmod 555 /data/local/tmp")
    try:
        with pytest.raises(TargetError, match=r"16555 lets nothing be written to /data/local/tmp: .*Permission denied"):
            connect(GOOD)
    finally:
        on_phone(phones, "chmod 771 /data/local/tmp")


@pytest.mark.parametrize(("times", "arrives"), [(1, True), (2, False)])
def test_what_arrives_spoilt_is_sent_again_once(
    times: int, arrives: bool, phones: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrapper of adb spoils the first pushes of a session."""
    real, wrapper, count = phones.bin / "adb", tmp_path / "adb", tmp_path / "count"
    wrapper.write_text(
        f"""#!/bin/sh
if [ "$3" = push ] && [ $(cat "{count}" | wc -l) -lt {times} ]; then
    echo x >>"{count}"
    cp "$4" "{count}.file"
    echo z >>"{count}.file"
    set -- "$1" "$2" "$3" "{count}.file" "$5"
fi
exec {real} "$@"
"""
    )
    wrapper.chmod(0o755)
    count.touch()
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    model = tmp_path / "model.tflite"
    model.write_bytes(b"abc")
    session = opened(GOOD)
    try:
        if arrives:
            assert lines_of(session, "cat", session.send(model)) == (0, ["abc"], [])
        else:
            with pytest.raises(TargetError, match=r"model\.tflite arrived on .* with another content, twice"):
                session.send(model)
            assert lines_of(session, "ls")[1] == ["keeper"]
    finally:
        session.close()
    assert len(count.read_text()) == 2 * times


def test_a_phone_without_sha256sum(phones: Room, tmp_path: Path) -> None:
    model = tmp_path / "model.tflite"
    model.write_bytes(b"abc")
    tools = phones.roots["good"] / "system/bin"
    session = opened(GOOD)
    try:
        (tools / "sha256sum").unlink()
        assert lines_of(session, "cat", session.send(model)) == (0, ["abc"], [])
        (tools / "md5sum").unlink()
        model.write_bytes(b"abcd")
        with pytest.raises(TargetError, match="has neither sha256sum nor md5sum"):
            session.send(model)
    finally:
        for name in ("sha256sum", "md5sum"):
            (tools / name).unlink(missing_ok=True)
            (tools / name).symlink_to("/usr/bin/toybox")
        session.close()


def test_unplugged_while_it_runs(plugged: Room) -> None:
    session = opened(GOOD)
    lines: list[str] = []

    def on_line(line: str) -> None:
        lines.append(line)
        plugged.tell("unplug good")

    began = time.monotonic()
    with pytest.raises(Gone, match=r"the connection to adb:127.0.0.1:16555 was lost while sh ran") as caught:
        session.run(["sh", "-c", "echo begun; sleep 75"], on_line=on_line, timeout_s=60)
    assert lines == ["begun"]
    assert caught.value.hint
    session.close()
    assert time.monotonic() - began < DEADLINE_S
    plugged.tell("plug good")
    plugged.connect(GOOD_PHONE)
    eventually(lambda: left(plugged) == [])
    assert "sleep 75" not in on_phone(plugged, "ps -A -o ARGS")


def test_unplugged_while_something_is_sent(plugged: Room, tmp_path: Path) -> None:
    session = opened(GOOD)
    large = tmp_path / "large.tflite"
    with large.open("wb") as file:
        file.truncate(150_000_000)
    session.progress = lambda stage, done, total: plugged.tell("unplug good") if done < total else None
    with pytest.raises(Gone, match=r"was lost while large.tflite was sent"):
        session.send(large)
    session.close()
    plugged.tell("plug good")
    plugged.connect(GOOD_PHONE)
    eventually(lambda: left(plugged) == [])


def test_a_client_that_is_killed_leaves_nothing(phones: Room) -> None:
    code = (
        "import sys; from litesmith.core.connecting import connect; command = ['sh', '-c', 'echo begun; sleep 74']\n"
        "connect(sys.argv[1]).run(command, on_line=lambda line: print(line, flush=True), timeout_s=60)"
    )
    process = subprocess.Popen([sys.executable, "-c", code, GOOD], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    process.kill()
    process.communicate()
    eventually(lambda: left(phones) == [])
    assert "sleep 74" not in on_phone(phones, "ps -A -o ARGS")


def test_what_a_dead_session_left_is_cleaned(phones: Room, capsys: pytest.CaptureFixture[str]) -> None:
    from litesmith.cli.main import main

    alive, dead = opened(GOOD), opened(GOOD)
    on_phone(phones, f"kill -9 $(cat {dead.connection.folder}/keeper)")
    eventually(lambda: not dead.connection.alive)
    dead.close()
    assert main(["device", "clean", GOOD]) == 0
    said = capsys.readouterr().out
    assert f"Removed {dead.connection.folder}" in " ".join(said.split())
    assert f"Left {alive.connection.folder}, which a session is using" in " ".join(said.split())
    assert lines_of(alive, "pwd") == (0, [alive.connection.folder], [])
    alive.close()
    assert main(["device", "clean", GOOD]) == 0
    assert "Nothing was left there" in capsys.readouterr().out


def test_no_session_leaves_anything(phones: Room) -> None:
    """The last of these tests."""
    assert left(phones) == []
    assert servers_outside(phones) == []
    assert re.search(r"^root:|sleep", on_phone(phones, "ps -A -o ARGS")) is None
