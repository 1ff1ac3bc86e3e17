"""Which phone is meant, and what is said when there is none that is ready."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from litesmith.core.elsewhere import quoted
from litesmith.core.errors import MissingExtraError, TargetError, UserError
from litesmith.phone.choosing import Attached, choose, listed, parsed
from litesmith.phone.client import Adb, find_adb

Scripted = Callable[[str], Path]
HEAD = "List of devices attached"
NO_UDEV = (
    "no permissions (missing udev rules? user is in the plugdev group); "
    "see [http://developer.android.com/tools/device.html]"
)


def devices(*rows: str) -> str:
    text = "\n".join([HEAD, *rows])
    return f"cat <<'EOF'\n{text}\n\nEOF"


def test_no_adb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("ANDROID_HOME", str(tmp_path / "Sdk"))
    monkeypatch.delenv("ANDROID_SDK_ROOT", raising=False)
    with pytest.raises(MissingExtraError) as caught:
        choose("")
    assert caught.value.message.startswith(f"there is no adb in PATH and {tmp_path}/Sdk/platform-tools")
    assert "sudo apt install adb" in caught.value.hint
    program = tmp_path / "Sdk" / "platform-tools" / "adb"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert find_adb() == str(program)


def test_the_only_one(scripted: Scripted) -> None:
    scripted(devices("0A191FDD4003       device usb:1-2 product:husky model:Pixel_8 transport_id:3"))
    assert choose("").serial == "0A191FDD4003"


def test_none(scripted: Scripted) -> None:
    scripted(devices())
    with pytest.raises(TargetError, match="no phone is attached") as caught:
        choose("")
    assert "USB debugging" in caught.value.hint
    with pytest.raises(TargetError, match="no device 'X1' is attached"):
        choose("X1")


def test_several_are_named_with_their_state(scripted: Scripted) -> None:
    scripted(devices("A1  unauthorized usb:1-2 transport_id:1", "B2  device model:Pixel_8 transport_id:2"))
    with pytest.raises(UserError, match=r"2 devices are attached.*: A1 \(unauthorized\), B2 \(Pixel 8\)") as caught:
        choose("")
    assert "such as adb:B2" in caught.value.hint
    assert choose("B2").serial == "B2"


def test_the_variable_of_adb_is_heeded_and_named_when_it_is_wrong(
    scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted(devices("A1  device", "B2  device"))
    monkeypatch.setenv("ANDROID_SERIAL", "B2")
    assert choose("").serial == "B2"
    assert choose("A1").serial == "A1"
    monkeypatch.setenv("ANDROID_SERIAL", "B3")
    with pytest.raises(TargetError, match=r"no device 'B3' is attached \(ANDROID_SERIAL names it\)") as caught:
        choose("")
    assert "Did you mean adb:B2?" in caught.value.hint


@pytest.mark.parametrize(
    ("state", "message", "remedy"),
    [
        ("offline usb:1-2 transport_id:9", "is offline", "pull the cable out and in"),
        ("unauthorized usb:1-2", "has not allowed this computer", "tap Allow"),
        ("authorizing usb:1-2", "has not allowed this computer", "tap Allow"),
        (NO_UDEV, "this user may not open the USB device", "android-sdk-platform-tools-common"),
        ("recovery usb:1-2", "is in state 'recovery'", "adb reboot"),
        ("bootloader", "is in state 'bootloader'", "adb reboot"),
    ],
)
def test_not_ready(state: str, message: str, remedy: str, scripted: Scripted) -> None:
    scripted(devices(f"0A191FDD4003   {state}"))
    with pytest.raises(TargetError) as caught:
        choose("")
    assert message in caught.value.message
    assert "adb:0A191FDD4003" in caught.value.message
    assert remedy in caught.value.hint


def test_news_of_the_server_is_no_device() -> None:
    news = "* daemon not running; starting now at tcp:5037\n* daemon started successfully\n"
    assert parsed(f"{news}{HEAD}\n????????????\t{NO_UDEV}\n") == (
        Attached(serial="????????????", state="no permissions", detail=NO_UDEV.removeprefix("no permissions ")),
    )
    assert parsed("* daemon started successfully\n") == ()


@pytest.mark.parametrize(
    ("said", "message", "remedy"),
    [
        (
            "* daemon not running; starting now at tcp:5037\nADB server didn't ACK\n* failed to start daemon\n"
            "error: cannot connect to daemon",
            "adb's server does not start: cannot connect to daemon",
            "port 5037",
        ),
        (
            "adb server version (40) doesn't match this client (41); killing...\n* failed to start daemon\n"
            "error: cannot connect to daemon",
            "adb's server is of another version than 41",
            "adb kill-server",
        ),
        ("error: something new", "adb failed: something new", "adb devices -l"),
        ("", "adb failed: no message", "adb devices -l"),
    ],
)
def test_a_server_that_does_not_start(said: str, message: str, remedy: str, scripted: Scripted) -> None:
    scripted(f"cat >&2 <<'EOF'\n{said}\nEOF\nexit 1")
    with pytest.raises(TargetError) as caught:
        choose("")
    assert message in caught.value.message
    assert remedy in caught.value.hint


@pytest.mark.parametrize("address", ["not a \0 place", "-s", "\n", " x", "a\nb"])
def test_what_is_no_serial(address: str) -> None:
    with pytest.raises(UserError, match="is no serial of a device"):
        choose(address)


def test_a_refused_connection(scripted: Scripted) -> None:
    """adb itself ends with 0 then."""
    log = scripted("")
    log = log.with_name("log")
    scripted(
        f'echo "$*" >>"{log}"\ncase $1 in devices) echo "{HEAD}";; connect) echo "failed to connect to $2: no";; esac'
    )
    with pytest.raises(TargetError, match=r"adb:10\.0\.0\.7:41000 cannot be connected to: failed to connect"):
        choose("10.0.0.7:41000")
    assert "connect 10.0.0.7:41000" in log.read_text().splitlines()
    with pytest.raises(TargetError, match="no device '10"):
        choose("10.0.0.7")  # without a port it may be a serial


def test_a_call_that_hangs_is_ended(scripted: Scripted) -> None:
    program = scripted("exec sleep 60")
    began = time.monotonic()
    with pytest.raises(TargetError, match=r"adb devices took longer than 0\.2 s on adb:A1"):
        Adb(str(program), "A1").call(["devices"], timeout_s=0.2)
    assert time.monotonic() - began < 5


def test_a_server_that_keeps_the_streams_open_does_not_hold_us_up(scripted: Scripted) -> None:
    """As adb's own does on some systems when the first call of a day starts it."""
    program = scripted(f"sleep 20 & {devices('A1  device')}")
    began = time.monotonic()
    assert [one.serial for one in listed(Adb(str(program)))] == ["A1"]
    assert time.monotonic() - began < 10


def test_an_adb_that_cannot_be_started(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="could not be started"):
        Adb(str(tmp_path / "adb")).call(["devices"])


def test_quoting() -> None:
    assert quoted(["a b", "$(id)", "", "it's"]) == "'a b' '$(id)' '' 'it'\"'\"'s'"
    with pytest.raises(UserError, match="NUL"):
        quoted(["a\0"])
