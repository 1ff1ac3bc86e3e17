"""Files made to do harm are audited, or refused with one message and exit code 2."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from command_calls import Called, called
from hostile_tflite import REFUSED, write_all
from repeated_tflite import write_repeated
from tiny_tflite import write_cnn

sys.path.insert(0, str(Path(__file__).resolve().parent))
from examine import examine
from run import problem_of

from litesmith.core.errors import SourceError
from litesmith.runtime import flatbuffer
from litesmith.runtime.flatbuffer import ModelFile, read_graph


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return write_all(tmp_path_factory.mktemp("hostile"))


def refused(done: Called, words: str) -> None:
    lines = done.err.splitlines()
    assert done.code == 2, done.err
    assert [line[:6] for line in lines if line[0] != " "] == ["error:", "hint: "], done.err
    assert words in lines[0]
    assert done.out == ""


@pytest.mark.slow
def test_hostile_models(hostile: dict[str, Path]) -> None:
    """Each through reading, audit, text, JSON and page, within the limits of time and memory."""
    problems = {}
    for name, path in hostile.items():
        found = examine(content=path.read_bytes(), probe=False)
        expected = "refused" if name in REFUSED else "audited"
        problem = problem_of(found) or ("" if found.kind == expected else f"{found.kind} {found.text}")
        if problem:
            problems[name] = problem
    assert problems == {}
    assert set(REFUSED) <= set(hostile)


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.slow
def test_what_is_said_of_impossible_models(
    name: str, hostile: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    refused(called(capsys, "inspect", hostile[name]), REFUSED[name])
    with pytest.raises(SourceError, match=f"{name}.tflite is damaged: ") as caught:
        read_graph(hostile[name])
    assert REFUSED[name] in caught.value.message


def test_a_refusal_as_json(hostile: dict[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    done = called(capsys, "inspect", hostile["root_outside"], "--json")
    problem = json.loads(done.out)["error"]
    assert (done.code, problem["exit_code"]) == (2, 2)
    assert "root_outside.tflite" in problem["message"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["endless", "names_control", "shapes_huge", "options_zero"])
def test_the_command_line_with_the_native_probe(
    name: str, hostile: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """The runtime may crash on these, in its own process."""
    done = called(capsys, "inspect", hostile[name])
    assert done.code == 0, done.err
    assert [c for c in done.out if not c.isprintable() and c != "\n"] == []
    done = called(capsys, "inspect", hostile[name], "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["audit"]["size_bytes"] == hostile[name].stat().st_size


@pytest.mark.slow
@pytest.mark.parametrize("what", ["ops", "tensors"])
def test_a_small_file_that_describes_a_large_model(what: str, tmp_path: Path) -> None:
    """Twenty thousand offsets to one table: linear work, no more."""
    data = write_cnn(tmp_path / "cnn.tflite").read_bytes()
    path = write_repeated(tmp_path / "many.tflite", data, what, 20_000)
    found = examine(content=path.read_bytes() + bytes(700_000), probe=False)
    assert (found.kind, problem_of(found)) == ("audited", "")


def test_a_model_cut_off_anywhere(tmp_path: Path) -> None:
    data = write_cnn(tmp_path / "whole.tflite").read_bytes()
    kinds = {length: examine(content=data[:length], probe=False) for length in range(0, len(data), 29)}
    assert {length: found for length, found in kinds.items() if found.kind == "failed"} == {}
    assert sum(found.kind == "refused" for found in kinds.values()) > 0.9 * len(kinds)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("empty.tflite", "is empty (0 bytes)"),
        ("folder.tflite", "is an empty folder"),
        ("pipe.tflite", "is neither a file nor a folder"),
        ("loop.tflite", ""),
        ("/dev/zero", "is neither a file nor a folder"),
        ("sparse.tflite", "is of no known kind"),
        ("gone.tflite", "does not exist"),
    ],
)
def test_what_is_no_file(name: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty.tflite").touch()
    (tmp_path / "folder.tflite").mkdir()
    os.mkfifo(tmp_path / "pipe.tflite")
    (tmp_path / "loop.tflite").symlink_to(tmp_path / "loop.tflite")
    with (tmp_path / "sparse.tflite").open("wb") as file:
        file.truncate(2 << 30)
    refused(called(capsys, "inspect", tmp_path / name), words)
    with pytest.raises(SourceError):
        ModelFile(tmp_path / name)


def test_a_file_that_may_not_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_cnn(tmp_path / "locked.tflite")
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")
    refused(called(capsys, "inspect", path), "Permission denied")


def test_two_gigabytes_of_nothing_behind_a_model(tmp_path: Path) -> None:
    path = write_cnn(tmp_path / "large.tflite")
    with path.open("r+b") as file:
        file.truncate(2 << 30)
    with ModelFile(path) as opened:
        assert (len(opened.graph.main.ops), opened.size_bytes) == (6, 2 << 30)


def test_a_vector_of_all_of_two_gigabytes_is_refused_at_once(
    hostile: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "vast.tflite"
    path.write_bytes(hostile["huge_count"].read_bytes())
    with path.open("r+b") as file:
        file.truncate(18 << 30)
    refused(called(capsys, "inspect", path), "4294967295 tensors (limit 400000)")


def test_a_mapped_file_that_is_cut_off_while_it_is_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking at the lost part of a map would end this process with SIGBUS."""
    path = write_cnn(tmp_path / "model.tflite")
    monkeypatch.setattr(flatbuffer, "_MAPPED_FROM_BYTES", 100)
    with ModelFile(path) as file:
        constant = next(tensor for tensor in file.graph.main.tensors if tensor.constant)
        assert file.values(constant) is not None
        with path.open("r+b") as other:
            other.truncate(50)
        for look in (file.values, file.raw):
            with pytest.raises(SourceError, match=r"model\.tflite became shorter while it was read: 50 of \d+ bytes"):
                look(constant)


def test_a_small_file_that_is_cut_off_while_it_is_open(tmp_path: Path) -> None:
    path = write_cnn(tmp_path / "model.tflite")
    with ModelFile(path) as file:
        constant = next(tensor for tensor in file.graph.main.tensors if tensor.constant)
        path.write_bytes(b"")
        assert file.values(constant) is not None
    with pytest.raises(ValueError, match=r"model\.tflite was closed"):
        file.values(constant)
