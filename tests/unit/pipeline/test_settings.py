from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from litesmith import api
from litesmith.core.errors import ConfigError, UnknownNameError
from litesmith.pipeline.settings import FIELDS, Settings, default_text, flag, merged, read_project, read_setting


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("model", "a b.keras", "a b.keras"),
        ("schemes", "int8, float16,,", ("int8", "float16")),
        ("target", "local", ("local",)),
        ("runs", "20", 20),
        ("jobs", "-1", -1),  # refused by the run, which knows the limit
        ("crop", "0.875", 0.875),
        ("mean", "1,2.5,-3", (1.0, 2.5, -3.0)),
        ("std", "58", (58.0,)),
        ("input_size", "224X160", (224, 160)),
        ("max_drop", "1%", 0.01),
        ("max_drop", "0.02", 0.02),
        ("max_size", "5MB", 5_000_000),
        ("max_size", "300 KiB", 307_200),
        ("max_latency", "500us", 0.5),
        ("max_latency", "0.02s", 20.0),
    ],
)
def test_text_is_read(name: str, text: str, value: Any) -> None:
    assert read_setting(name, text) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("runs", "many"),
        ("runs", "2.5"),
        ("runs", ""),
        ("crop", "half"),
        ("crop", "nan"),
        ("mean", "1,inf"),
        ("std", "1,x"),
        ("input_size", "224"),
        ("input_size", "0x224"),
        ("input_size", "2x2x2"),
        ("input_size", "axb"),
        ("max_drop", "2"),
        ("max_drop", "1 point"),
        ("max_size", "5XB"),
        ("max_size", "big"),
        ("max_latency", "20"),
        ("max_latency", "20h"),
    ],
)
def test_errors_name_the_flag_and_what_was_typed(name: str, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_setting(name, text)
    assert caught.value.message.startswith(f"{flag(name)}: ")
    assert text.rsplit(",", maxsplit=1)[-1].lower() in caught.value.message.lower()
    assert caught.value.hint


def test_every_default_can_be_typed() -> None:
    for name, entry in FIELDS.items():
        text = default_text(name)
        assert not text or read_setting(name, text) == entry.default, name


def test_every_setting_says_what_it_is_for() -> None:
    assert all(entry.metadata["meaning"] for entry in FIELDS.values())


def test_merged_refuses_what_is_no_setting() -> None:
    assert merged(Settings(), {"runs": 3}).runs == 3
    with pytest.raises(UnknownNameError, match="unknown setting 'scheme'") as caught:
        merged(Settings(), {"scheme": "int8"})
    assert "'schemes'" in caught.value.hint


def test_keyword_arguments_are_read_as_on_the_command_line(tmp_path: Path) -> None:
    made = api._settings(
        {"model": tmp_path, "schemes": "int8,float16", "mean": [1.0], "max_size": "5MB", "runs": 7, "data": None}
    )
    assert made == Settings(
        model=str(tmp_path), schemes=("int8", "float16"), mean=(1.0,), max_size=5_000_000, runs=7, data=""
    )


def project(folder: Path, text: str) -> dict[str, Any]:
    path = folder / "litesmith.toml"
    path.write_text(text, encoding="utf-8")
    return read_project(path)


def test_project_file_is_read_like_the_command_line(tmp_path: Path) -> None:
    values = project(
        tmp_path,
        'schemes = ["int8", "float16"]\nmax-drop = "1%"\nmax_latency = "20ms"\nruns = 20\nmean = [1, 2.5]\n'
        'input-size = "8x9"\ncrop = 0.5\n',
    )
    assert values == {
        "schemes": ("int8", "float16"),
        "max_drop": 0.01,
        "max_latency": 20.0,
        "runs": 20,
        "mean": (1.0, 2.5),
        "input_size": (8, 9),
        "crop": 0.5,
    }


def test_paths_are_relative_to_the_project_file(tmp_path: Path) -> None:
    values = project(tmp_path, 'model = "m.keras"\ndata = "photos"\ncalibrate = "load.py:some"\nout = "/abs/out"\n')
    assert values == {
        "model": str(tmp_path / "m.keras"),
        "data": str(tmp_path / "photos"),
        "calibrate": str(tmp_path / "load.py:some"),
        "out": "/abs/out",
    }
    assert project(tmp_path, 'data = "package.module:function"\n') == {"data": "package.module:function"}


def test_unknown_key_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="unknown setting 'max-dorp'") as caught:
        project(tmp_path, "max-dorp = 0.01\n")
    assert "'max-drop'" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("runs = true\n", "runs = True has the wrong type"),
        ("data = {path = 'x'}\n", "data = .* has the wrong type"),
        ("[runs]\nn = 1\n", "runs = .* has the wrong type"),
        ('runs = "many"\n', "litesmith.toml: --runs: 'many' is not a whole number"),
        ("runs = 2.5\n", "litesmith.toml: --runs: '2.5' is not a whole number"),
        ("max-drop = 3\n", "litesmith.toml: --max-drop: .* must lie in 0..1"),
        ("runs = = 2\n", "is not valid TOML"),
        ("runs\n", "is not valid TOML"),
    ],
)
def test_bad_project_file(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        project(tmp_path, text)
    assert caught.value.hint


def test_project_file_of_other_bytes_or_none(tmp_path: Path) -> None:
    path = tmp_path / "litesmith.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="is not valid TOML"):
        read_project(path)
    with pytest.raises(ConfigError, match=r"cannot read the project file .*No such file"):
        read_project(tmp_path / "other.toml")
    with pytest.raises(ConfigError, match=r"cannot read the project file .*directory"):
        read_project(tmp_path)


@pytest.mark.parametrize("text", ["", " ", ",", " , "])
def test_a_gate_that_asks_for_nothing_is_an_error(text: str) -> None:
    with pytest.raises(ConfigError, match="--expect: no promise was given"):
        read_setting("expect", text)
