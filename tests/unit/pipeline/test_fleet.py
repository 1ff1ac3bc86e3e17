"""Where to measure, from the command line and from fleet files."""

from __future__ import annotations

from pathlib import Path

import pytest

from litesmith.core.errors import ConfigError, UserError
from litesmith.pipeline.fleet import Board, boards_of, read_fleet
from litesmith.pipeline.settings import Settings

GOOD = """
[[device]]
name = "kitchen"
target = "local"
threads = 4
max-latency = "30ms"

[[device]]
name = "garage: 2nd"
target = "local"
"""


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    path = tmp_path / "fleet.toml"
    path.write_text(GOOD)
    return path


def test_devices_in_their_order_with_defaults(fleet: Path) -> None:
    assert read_fleet(fleet, threads=2) == (
        Board(name="kitchen", target="local", threads=4, max_latency_ms=30.0),
        Board(name="garage: 2nd", target="local", threads=2),
    )
    assert boards_of(Settings(fleet=str(fleet), threads=2)) == read_fleet(fleet, threads=2)


def test_targets_are_boards_named_as_typed() -> None:
    assert boards_of(Settings(threads=3)) == (Board(name="local", target="local", threads=3),)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("", "lists no devices", "[[device]]"),
        ("device = 3", "lists no devices", "[[device]]"),
        ("device = [1]", "lists no devices", "[[device]]"),
        ("[[devices]]\nname='a'\ntarget='local'", "unknown key 'devices'", "[[device]]"),
        ("[[device]]\nname='a'", "device 1 has no target", "pi@kitchen.local"),
        ("[[device]]\ntarget='local'", "device 1 has no name", "kitchen"),
        ("[[device]]\nname=' '\ntarget='local'", "device 1 has no name", "kitchen"),
        ("[[device]]\nname='a'\ntarget='local'\nthread=2", "unknown key 'thread'", "Did you mean 'threads'?"),
        ("[[device]]\nname='a'\ntarget='local'\nthreads='2'", "threads = '2' has the wrong type", "whole number"),
        ("[[device]]\nname='a'\ntarget='local'\nthreads=true", "threads = True has the wrong type", "whole number"),
        ("[[device]]\nname='a'\ntarget='local'\nthreads=0", "threads is 0", "--threads"),
        ("[[device]]\nname='a'\ntarget=['local']", "target = ['local'] has the wrong type", "text"),
        ("[[device]]\nname='a'\ntarget='local'\nmax-latency=30", "max-latency = 30 has the wrong type", "text"),
        ("[[device]]\nname='a'\ntarget='local'\nmax-latency='30'", "device 1: latency '30' needs a unit", "20ms"),
        ("[[device]]\nname='a'\ntarget='locall'", "device 1: unknown target 'locall'", "Did you mean 'local'?"),
        ("[[device]]\nname='a'\ntarget='pi@a;b'", "device 1: 'pi@a;b' names no valid host", "pi@raspberrypi.local"),
        ("[[device]]\nname='a'\ntarget='virtual-pi:6'", "device 1: unknown virtual Pi '6'", "Known: 4, 5"),
        ('[[device]]\nname="a\\nb"\ntarget="local"', "cannot be shown in a table", "line breaks"),
        (f"[[device]]\nname='{'a' * 41}'\ntarget='local'", "cannot be shown in a table", "40 letters"),
        (GOOD + GOOD, "device 3: there is another device named 'kitchen'", "name of its own"),
        ("[[device]", "is not valid TOML", "[[device]]"),
        ("[[device]]\nname='\udcff'", "is not valid TOML", "[[device]]"),
    ],
)
def test_a_wrong_fleet_file_says_where(tmp_path: Path, text: str, message: str, hint: str) -> None:
    path = tmp_path / "fleet.toml"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(UserError) as caught:
        read_fleet(path, threads=1)
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert "fleet.toml" in caught.value.message


def test_a_fleet_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot read the fleet file") as caught:
        read_fleet(tmp_path / "none.toml", threads=1)
    assert caught.value.hint == "Check --fleet."


def test_both_ways_at_once_and_none(fleet: Path) -> None:
    with pytest.raises(ConfigError, match="--fleet and --target both say where to measure"):
        boards_of(Settings(fleet=str(fleet), target=("local:x",)))
    with pytest.raises(ConfigError, match="--target names no target"):
        boards_of(Settings(target=()))
    with pytest.raises(ConfigError, match="--target names 'local' twice"):
        boards_of(Settings(target=("local", "local")))


def test_an_unknown_target() -> None:
    with pytest.raises(UserError, match="unknown target 'locall'"):
        boards_of(Settings(target=("local", "locall")))
