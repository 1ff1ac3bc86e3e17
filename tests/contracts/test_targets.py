"""What every target promises. Those that need an address are run where there is a device for them."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from litesmith.core.device import Device
from litesmith.core.errors import LitesmithError, TargetError, UserError
from litesmith.core.registry import load_plugins, plugin_names
from litesmith.core.target import Session, Target

PACKAGE = "litesmith.targets"
TARGETS: dict[str, Target] = load_plugins(PACKAGE, kind="target")
by_name = pytest.mark.parametrize("name", plugin_names(PACKAGE))


@pytest.fixture(params=plugin_names(PACKAGE))
def session(request: pytest.FixtureRequest) -> Iterator[Session]:
    try:
        opened = TARGETS[request.param].connect("")
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
