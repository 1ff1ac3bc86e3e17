"""Looking names up, and plugins as files."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from litesmith.core.errors import PluginError, UnknownNameError
from litesmith.core.names import look_up, nearest, unknown
from litesmith.core.registry import load_plugin, load_plugins, plugin_names


@pytest.mark.parametrize(
    ("typed", "found"), [("in8", "int8"), ("INT8", "int8"), ("flaot16", "float16"), ("zzz", None), ("", None)]
)
def test_nearest(typed: str, found: str | None) -> None:
    assert nearest(typed, ["float16", "int8", "dynamic_int8"]) == found


def test_an_unknown_name_is_named_with_the_nearest_and_all_others() -> None:
    error = unknown("scheme", "in8", {"int8", "float16"})
    assert error.message == "unknown scheme 'in8'"
    assert error.hint == "Did you mean 'int8'? Known: float16, int8."


def test_nothing_near_and_nothing_known() -> None:
    assert unknown("scheme", "zzz", ["int8"]).hint == "Known: int8."
    assert unknown("scheme", "zzz", []).hint == "Known: none."


def test_look_up() -> None:
    assert look_up("thing", "a", {"a": 1}) == 1
    with pytest.raises(UnknownNameError, match="unknown thing 'b'"):
        look_up("thing", "b", {"a": 1})


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A plug folder with plugins `one` and `two`, a shared part, and a file that defines no plugin."""
    name = f"plugs_{tmp_path.name}"
    folder = tmp_path / name
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "two.py").write_text("PLUGIN = 2\n")
    (folder / "one.py").write_text("PLUGIN = 1\n")
    (folder / "_shared.py").write_text("PLUGIN = 9\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    return name


def test_plugins_are_files_in_order_and_are_not_imported_to_be_named(package: str) -> None:
    assert plugin_names(package) == ("one", "two")
    assert f"{package}.one" not in sys.modules
    assert load_plugins(package, kind="number") == {"one": 1, "two": 2}


def test_unknown_plugin(package: str) -> None:
    with pytest.raises(UnknownNameError, match="unknown number 'tow'") as caught:
        load_plugin(package, "tow", kind="number")
    assert "'two'" in caught.value.hint
    with pytest.raises(UnknownNameError):
        load_plugin(package, "_shared", kind="number")


def test_a_file_without_plugin_is_our_defect(package: str, tmp_path: Path) -> None:
    (tmp_path / package / "empty.py").write_text("")
    with pytest.raises(PluginError, match=r"\.empty defines no PLUGIN"):
        load_plugin(package, "empty", kind="number")
