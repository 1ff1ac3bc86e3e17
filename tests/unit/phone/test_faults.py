"""What adb prints when something fails, and streams as old devices send them."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from litesmith.core.errors import TargetError
from litesmith.phone import copying
from litesmith.phone.client import Adb
from litesmith.phone.connection import KEEPER, Connection, without_comments
from litesmith.phone.facts import SCRIPT
from litesmith.phone.faults import Gone, fault_of, is_gone, last_line, without_server_lines
from litesmith.phone.running import _lines, _Outcome

Scripted = Callable[[str], Path]
PUSH = "adb: error: failed to copy 'm' to '/data/local/tmp/m': "


@pytest.mark.parametrize(
    ("said", "message", "remedy"),
    [
        (
            "error: device unauthorized.\nThis adb server's $ADB_VENDOR_KEYS is not set\nTry 'adb kill-server' if that "
            "seems wrong.\nOtherwise check for a confirmation dialog on your device.",
            "adb:A1 has not allowed this computer to debug it (unauthorized)",
            "tap Allow",
        ),
        ("error: device offline", "adb:A1 is offline", "adb reconnect offline"),
        ("error: device still connecting", "adb:A1 is offline", "Unlock"),
        (
            "error: insufficient permissions for device: missing udev rules? user is in the plugdev group",
            "this user may not open the USB device of adb:A1",
            "plugdev",
        ),
        (f"{PUSH}remote No space left on device", "adb:A1 has no space left in /data/local/tmp", "Free some space"),
        (
            f"{PUSH}remote couldn't create file: Read-only file system",
            "adb:A1 lets nothing be written to /data/local/tmp: failed to copy",
            "Restart the phone",
        ),
        (f"{PUSH}remote couldn't create file: Permission denied", "lets nothing be written", "Restart the phone"),
        ("failed to authenticate to 10.0.0.7:41000", "has not allowed this computer", "tap Allow"),
        ("cannot connect to 10.0.0.7:41000: No route to host", "adb:A1 cannot be connected to", "adb pair"),
        ("adb: usage: something", "adb failed for adb:A1: usage: something", "adb devices -l"),
    ],
)
def test_faults(said: str, message: str, remedy: str) -> None:
    found = fault_of(said, "A1")
    assert message in found.message
    assert remedy in found.hint


@pytest.mark.parametrize(
    "said",
    [
        "error: closed",
        "error: device 'A1' not found",
        "adb: error: failed to get feature set: device 'A1' not found",
        f"{PUSH}couldn't read from device",
        "adb: error: failed to read copy response",
        "error: protocol fault (couldn't read status): Success",
        "error: device offline",
        "adb: device has been disconnected",
        "error: no devices/emulators found",
    ],
)
def test_what_adb_says_when_a_device_went_away(said: str) -> None:
    assert is_gone(said, "A1")
    found = Adb("adb", "A1").fault(said, "while m was sent")
    assert isinstance(found, Gone)
    assert found.message == f"the connection to adb:A1 was lost while m was sent ({last_line(said)})"
    assert "litesmith device clean" in found.hint


@pytest.mark.parametrize(
    "said", ["error: device 'B2' not found", f"{PUSH}remote No space left on device", "", "closed"]
)
def test_what_does_not_mean_that_it_went_away(said: str) -> None:
    assert not is_gone(said, "A1")


def test_news_of_a_server_are_left_out_where_it_started() -> None:
    news = "* daemon not running; starting now at tcp:5037\n* daemon started successfully"
    replaced = "adb server version (40) doesn't match this client (41); killing...\n* daemon started successfully"
    assert without_server_lines(f"{news}\ntext") == without_server_lines(f"{replaced}\ntext") == "text"
    failed = "* daemon not running; starting now at tcp:5037\n* failed to start daemon"
    assert without_server_lines(failed) == failed


def test_an_old_device_sends_one_stream_with_carriage_returns() -> None:
    printed = "motd\r\n\r\ntoken\r\nvalue\r\n\r\n\r\ntoken 3\r\nwrong\r\nfile\r\n"
    outcome = _Outcome()
    with subprocess.Popen(["printf", "%s", printed], stdout=subprocess.PIPE) as process:
        assert list(_lines(process, "token", outcome, merged=True)) == ["value", ""]
    assert (outcome.code, outcome.errors) == ("3", ["wrong", "file"])


def test_a_program_that_was_cut_off_has_no_code() -> None:
    outcome = _Outcome()
    with subprocess.Popen(["printf", "%s", "\ntoken\nvalue"], stdout=subprocess.PIPE) as process:
        assert list(_lines(process, "token", outcome, merged=True)) == ["value"]
    assert outcome.code == ""


def test_a_push_that_stalls_is_ended(scripted: Scripted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "STALL_S", 0.3)
    program = scripted("echo '[ 12%] /data/local/tmp/m'; exec sleep 60")
    model = tmp_path / "m.tflite"
    model.write_bytes(bytes(2_000_000))
    told: list[tuple[int, int]] = []
    with (
        closing(Connection(Adb(str(program), "A1"))) as connection,
        pytest.raises(TargetError, match=r"adb:A1 took no more of m\.tflite for 0\.3 s"),
    ):
        copying.push(
            connection,
            model,
            "/data/local/tmp/m",
            name=model.name,
            progress=lambda stage, done, total: told.append((done, total)),
        )
    assert told == [(240, 2000)]


@pytest.mark.parametrize("script", [KEEPER, SCRIPT], ids=lambda path: path.name)
def test_scripts_fit_into_a_command_of_an_old_device(script: Path) -> None:
    short = without_comments(script)
    assert len(short.encode()) < 3500
    assert subprocess.run(["sh", "-n"], input=short, text=True, check=False, capture_output=True).stderr == ""
