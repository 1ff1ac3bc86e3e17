from __future__ import annotations

import errno
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from litesmith.core.errors import EvaluationError, OutputError
from litesmith.pipeline.cache import Cache, Kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    total: int
    parts: tuple[int, ...] = ()


class Maker:
    """Makes a result and counts how often it had to."""

    def __init__(self) -> None:
        self.made = 0

    def __call__(self, folder: Path) -> Sum:
        self.made += 1
        (folder / "file.bin").write_bytes(b"content")
        return Sum(total=3, parts=(1, 2))


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def get(cache: Cache, make: Callable[[Path], Sum], *, version: int = 1, **key: object) -> Kept[Sum]:
    return cache.get("add", key, Sum, make, version=version)


def entries(cache: Cache) -> list[str]:
    return sorted(path.name for path in (cache.root / "add").iterdir())


def test_second_time_is_a_hit_with_its_files(cache: Cache) -> None:
    make = Maker()
    first, second = get(cache, make, a=1), get(cache, make, a=1)
    assert (first.cached, second.cached, make.made) == (False, True, 1)
    assert first.value == second.value == Sum(total=3, parts=(1, 2))
    assert first.folder == second.folder
    assert (second.folder / "file.bin").read_bytes() == b"content"
    assert get(Cache(cache.root), make, a=1).cached


def test_another_key_stage_or_version_is_a_miss(cache: Cache) -> None:
    make = Maker()
    get(cache, make, a=1, b=[1, 2])
    assert not get(cache, make, a=1, b=[2, 1]).cached
    assert not get(cache, make, a="1", b=[1, 2]).cached
    assert not get(cache, make, a=1, b=[1, 2], version=2).cached
    assert not cache.get("other", {"a": 1, "b": [1, 2]}, Sum, make).cached
    assert get(cache, make, b=[1, 2], a=1).cached, "the order of the key's parts does not matter"
    assert make.made == 5


@pytest.mark.parametrize("content", ["", "{", "[]", '{"total": "3"}', '{"total": 3, "parts": [], "more": 1}', "null"])
def test_damaged_result_is_made_again(content: str, cache: Cache) -> None:
    make = Maker()
    folder = get(cache, make, a=1).folder
    (folder / "result.json").write_text(content)
    again = get(cache, make, a=1)
    assert (again.cached, again.value.total, make.made) == (False, 3, 2)
    assert get(cache, make, a=1).cached


def test_undecodable_result_is_made_again(cache: Cache) -> None:
    make = Maker()
    (get(cache, make).folder / "result.json").write_bytes(b"\xff\xff")
    assert not get(cache, make).cached


def test_result_is_stored_as_json(cache: Cache) -> None:
    assert json.loads((get(cache, Maker()).folder / "result.json").read_text()) == {"total": 3, "parts": [1, 2]}


@pytest.mark.parametrize("error", [EvaluationError("no"), KeyboardInterrupt(), ValueError("x")])
def test_failure_leaves_nothing(error: BaseException, cache: Cache) -> None:
    def fail(folder: Path) -> Sum:
        (folder / "half").write_bytes(b"x")
        raise error

    with pytest.raises(type(error)):
        get(cache, fail)
    assert entries(cache) == []
    assert not get(cache, Maker()).cached


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError("problem writing element 4096 to file"),  # as NumPy says it
        OSError("64 requested and 12 written"),
    ],
)
def test_full_disk_is_an_output_error(error: OSError, cache: Cache) -> None:
    def fail(folder: Path) -> Sum:
        raise error

    with pytest.raises(OutputError, match="no space left"):
        get(cache, fail)
    assert entries(cache) == []


def test_errors_that_are_not_the_disk_s_stay_what_they_are(cache: Cache) -> None:
    def fail(folder: Path) -> Sum:
        raise OSError("cannot identify image file")

    with pytest.raises(OSError, match="cannot identify"):
        get(cache, fail)


def test_root_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("x")
    with pytest.raises(OutputError, match="cannot write"):
        get(Cache(tmp_path / "cache"), Maker())


def test_oldest_entries_of_earlier_runs_are_dropped(cache: Cache) -> None:
    make = Maker()
    for number in range(12):
        folder = get(cache, make, n=number).folder
        os.utime(folder, (1000 + number, 1000 + number))
    later = Cache(cache.root)
    assert get(later, make, n=0).cached, "using an entry makes it young again"
    get(later, make, n=12)
    assert len(entries(cache)) == 12
    assert get(later, make, n=0).cached
    assert not get(later, make, n=1).cached


def test_entries_in_use_are_never_dropped(cache: Cache) -> None:
    folders = [get(cache, Maker(), n=number).folder for number in range(15)]
    assert all((folder / "file.bin").exists() for folder in folders)


def test_leftovers_of_killed_runs_go_after_a_day(cache: Cache) -> None:
    get(cache, Maker(), n=0)
    for name, age_s in (("old", 90_000), ("new", 10)):
        left = cache.root / "add" / f".{name}.part"
        left.mkdir()
        os.utime(left, (time.time() - age_s,) * 2)
    get(cache, Maker(), n=1)
    assert [name for name in entries(cache) if name.startswith(".")] == [".new.part"]


def test_an_entry_that_another_run_made_meanwhile_stays(cache: Cache) -> None:
    theirs: list[tuple[Kept[Sum], int]] = []

    def make(folder: Path) -> Sum:
        other = get(Cache(cache.root), Maker(), a=1)
        theirs.append((other, (other.folder / "file.bin").stat().st_ino))
        return Maker()(folder)

    ours = get(cache, make, a=1)
    [(other, inode)] = theirs
    assert (ours.folder, ours.value) == (other.folder, other.value)
    assert (ours.folder / "file.bin").stat().st_ino == inode, "the other run may be reading it"
    assert entries(cache) == [ours.folder.name]
