"""Phones over adb: the real client against the real adbd, under emulation, with Android's shell and tools."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from phone_sessions import BAD, GOOD, GOOD_PHONE, lines_of, on_phone, opened
from virtual_phone import Room

from litesmith.core.errors import TargetError, UserError
from litesmith.core.target import RunsPrograms
from litesmith.phone.session import PhoneSession

pytestmark = pytest.mark.device
HOSTILE = ("a b; $HOME 'ü'.bin", "-rf", "new\nline", '"$(id)`x`\\', "*?[a]", "%s", " ")


@pytest.fixture(scope="module")
def session(phones: Room) -> Iterator[PhoneSession]:
    made = opened(GOOD)
    yield made
    made.close()
    made.close()  # harmless


def test_it_says_what_it_is(session: PhoneSession) -> None:
    found, device = session.preflight(), session.device()
    assert found.ready
    assert found.obstacles == ()
    assert (device.os, device.cores, device.machine) == ("Android 14 (SDK 34)", 8, "arm64-v8a")
    assert device.cpu == "Litesmith Virtual Phone, QEMU A76, 1 at 2850 MHz, 3 at 2348 MHz, 4 at 1803 MHz"
    assert (device.target, device.emulated, device.governor) == (GOOD, True, "schedutil")
    assert found.facts.disk_free_bytes is not None
    assert 150e6 < found.facts.disk_free_bytes < 200e6
    assert found.battery is not None
    assert (found.battery.percent, found.battery.powered) == (87, True)


def test_heat_is_that_of_now_and_not_what_android_remembers(session: PhoneSession) -> None:
    assert isinstance(session, RunsPrograms)
    heat = session.heat()
    assert (heat.status, heat.battery_c, heat.cpu_c, heat.clock_mhz, heat.cooling) == (0, 28.1, 43.25, 1425.0, 2)


def test_what_stands_in_the_way(phones: Room, capsys: pytest.CaptureFixture[str]) -> None:
    from litesmith.cli.main import main

    assert main(["device", "check", BAD]) == 4
    said = capsys.readouterr()
    shown = " ".join(said.out.split())
    for words in (
        "stops It runs programs for x86, and LiteRT is built for arm64-v8a, armeabi-v7a, x86_64",
        "stops It has Android 5.0 (SDK 21), and LiteRT needs SDK 24 (Android 7)",
        "are free in /data/local/tmp, and 50 MB are needed",
        "notes Android's thermal status is 3 (severe)",
        "notes The battery is at 12 percent, charging; below 20 phones save power",
        "notes The battery saver is on, which lowers the clock",
        "cores core 7 up to 2850 MHz; cores 4-6 up to 2348 MHz; cores 0-3 up to 1803 MHz",
    ):
        assert words in shown
    assert "error: models cannot run on adb:127.0.0.1:16556: it runs programs for x86" in said.err


def test_what_is_sent_arrives_under_its_name(session: PhoneSession, tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    session.progress = lambda stage, done, total: told.append((stage, done, total))
    contents = {HOSTILE[0]: os.urandom(1000), "-rf\n%s": b"", "large.bin": os.urandom(1_500_000)}
    places = []
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
        places.append(session.send(tmp_path / name))
    assert [place.rpartition("/")[2] for place in places] == list(contents)
    code, said, _ = lines_of(session, "sh", "-c", 'for p; do sha256sum <"$p"; done', "sh", *places)
    assert code == 0
    assert [line.split()[0] for line in said] == [hashlib.sha256(data).hexdigest() for data in contents.values()]
    assert told[-1] == ("send large.bin (kB)", 1500, 1500)
    before = len(told)
    assert session.send(tmp_path / "large.bin") == places[-1]
    assert len(told) == before  # not sent again


def test_a_folder_arrives_with_all_in_it(session: PhoneSession, tmp_path: Path) -> None:
    folder = tmp_path / "-a folder"
    (folder / "ü $x" / "empty").mkdir(parents=True)
    (folder / "run.sh").write_text("#!/system/bin/sh\necho ran\n")
    (folder / "run.sh").chmod(0o755)
    for name in HOSTILE:
        (folder / "ü $x" / name).write_bytes(name.encode())
    there = session.send(folder)
    code, found, _ = lines_of(session, "find", there, "-mindepth", "1", "-print0")
    assert code == 0
    names = {name.removeprefix(f"{there}/") for name in "\n".join(found).split("\0") if name}
    assert names == {"run.sh", "ü $x", "ü $x/empty", *(f"ü $x/{name}" for name in HOSTILE)}
    assert lines_of(session, "cat", f"{there}/ü $x/new\nline") == (0, ["new", "line"], [])
    assert lines_of(session, f"{there}/run.sh") == (0, ["ran"], [])


def test_a_program_may_be_run(session: PhoneSession, tmp_path: Path) -> None:
    program = tmp_path / "my program"
    program.write_text("#!/system/bin/sh\nid -u\n")
    program.chmod(0o644)
    assert lines_of(session, session.send_program(program)) == (0, ["2000"], [])


def test_code_output_errors_input_and_arguments(session: PhoneSession) -> None:
    arguments = ["two words", "$(id)", "'quoted\"", "", "--flag=ü", "-n", "a\nb", "*"]
    script = 'cat; printf "%s|" "$@"; echo "$1" >&2; exit 3'
    code, out, errors = lines_of(session, "sh", "-c", script, "sh", *arguments, request="given ü\n\nlast")
    assert (code, errors) == (3, ["two words"])
    assert "\n".join(out) == "given ü\n\nlast" + "|".join(arguments) + "|"
    assert lines_of(session, "sh", "-c", "echo; echo; exit 1") == (1, ["", ""], [])
    assert lines_of(session, "sh", "-c", "kill -9 $$")[0] == 137
    assert lines_of(session, "true", request="x" * 1_000_000) == (0, [], [])
    with pytest.raises(TargetError, match=r"nosuch could not be started on adb:127.0.0.1:16555: there is no nosuch"):
        lines_of(session, "nosuch")
    with pytest.raises(UserError, match="NUL"):
        lines_of(session, "echo", "a\0b")


def test_lines_come_while_it_runs(session: PhoneSession) -> None:
    times: list[float] = []
    session.run(
        ["sh", "-c", "echo a; sleep 0.6; echo b"], on_line=lambda _: times.append(time.monotonic()), timeout_s=9
    )
    assert times[1] - times[0] > 0.4


def test_what_takes_too_long_is_ended_there(session: PhoneSession, phones: Room) -> None:
    with pytest.raises(TargetError, match=r"sh took longer than 0\.5 s on adb:127.0.0.1:16555 and was ended"):
        session.run(["sh", "-c", "setsid sleep 77 & sleep 78"], on_line=print, timeout_s=0.5)
    assert "sleep 7" not in on_phone(phones, "ps -A -o ARGS")


def test_an_error_here_ends_it_there(session: PhoneSession, phones: Room) -> None:
    def on_line(line: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        session.run(["sh", "-c", "echo begun; sleep 79"], on_line=on_line, timeout_s=20)
    assert "sleep 79" not in on_phone(phones, "ps -A -o ARGS")


def test_there_is_no_python(session: PhoneSession, tmp_path: Path) -> None:
    with pytest.raises(TargetError, match=r"latency\.py cannot be run on .*: Android has no Python") as caught:
        session.run_script(tmp_path / "latency.py", [], request="", on_line=print, timeout_s=9)
    assert "--benchmark-binary" in caught.value.hint


def test_an_adb_without_exit_codes(phones: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The protocol of Android 6 and older, which the real adbd still speaks when it is asked to."""
    real, old = phones.bin / "adb", tmp_path / "adb"
    old.write_text(
        f'#!/bin/sh\n[ "$3" = features ] && exec echo cmd\n'
        f'if [ "$3" = shell ]; then shift 3; exec {real} -s {GOOD_PHONE.serial} shell -x "$@"; fi\nexec {real} "$@"\n'
    )
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    session = opened(GOOD)
    try:
        assert session.connection.legacy
        assert session.preflight().ready
        assert lines_of(session, session.send_program(old.with_name("adb")), "x")[0] != 0
        script = 'cat; echo; echo "$1" >&2; echo; exit 5'
        assert lines_of(session, "sh", "-c", script, "sh", "ü 'x'", request="in") == (5, ["in", ""], ["ü 'x'"])
        assert lines_of(session, "sh", "-c", "printf x; exit 9") == (9, ["x"], [])
        with pytest.raises(TargetError, match="too long"):
            lines_of(session, "echo", "x" * 5000)
        with pytest.raises(TargetError, match="took longer"):
            session.run(["sleep", "76"], on_line=print, timeout_s=0.3)
    finally:
        session.close()
    assert "sleep 76" not in on_phone(phones, "ps -A -o ARGS")
