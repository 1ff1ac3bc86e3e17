"""Files appear whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from litesmith.core.errors import OutputError
from litesmith.core.files import (
    output_error,
    place,
    replacing,
    require_writable,
    sha256_file,
    sha256_tree,
    size_of,
    write_bytes,
    write_text,
)


def test_a_file_is_written_with_its_folders(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "model.tflite"
    write_text(path, "größe\n")
    assert path.read_bytes() == "größe\n".encode()
    assert [p.name for p in path.parent.iterdir()] == ["model.tflite"]


def test_the_new_file_has_the_permissions_of_any_other(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_bytes(tmp_path / "file", b"x")
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("error", [ValueError("planted"), KeyboardInterrupt()])
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path, error: BaseException) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(b"old")

    def fail() -> None:
        with replacing(path) as temporary:
            temporary.write_bytes(b"half of the new")
            raise error

    with pytest.raises(type(error)):
        fail()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_old_file_stands_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(b"old")
    with replacing(path) as temporary:
        temporary.write_bytes(b"new")
        assert path.read_bytes() == b"old"
        assert temporary.parent == path.parent
        assert temporary.suffix == ".part"
    assert path.read_bytes() == b"new"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device that is always full")
def test_a_full_disk_is_said_plainly(tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"

    def fill() -> None:
        with replacing(path):
            Path("/dev/full").write_bytes(b"x")

    with pytest.raises(OutputError, match=r"no space left on the disk that holds .*model\.tflite \(\d+ bytes free\)"):
        fill()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_below_a_missing_folder(tmp_path: Path, code: int) -> None:
    error = output_error(OSError(code, "full"), tmp_path / "no" / "file")
    assert "no space left" in error.message
    assert "--out" in error.hint


@pytest.mark.parametrize(
    "write",
    [
        lambda path: write_bytes(path, b"x"),
        lambda path: place(Path(__file__), path),
        require_writable,
    ],
)
def test_a_folder_that_is_a_file(tmp_path: Path, write: Callable[[Path], None]) -> None:
    (tmp_path / "taken").write_bytes(b"mine")
    with pytest.raises(OutputError, match=r"cannot write .*taken.*: ") as caught:
        write(tmp_path / "taken" / "file")
    assert "--out" in caught.value.hint
    assert (tmp_path / "taken").read_bytes() == b"mine"


def test_a_file_that_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(OutputError, match="Is a directory"):
        write_bytes(tmp_path / "taken", b"x")
    assert [p.name for p in tmp_path.iterdir()] == ["taken"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(OutputError, match="Permission denied"):
            require_writable(tmp_path)
    finally:
        tmp_path.chmod(0o700)


def test_checking_a_folder_leaves_nothing_in_it(tmp_path: Path) -> None:
    require_writable(tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_placing_copies(tmp_path: Path) -> None:
    place(Path(__file__), tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == Path(__file__).read_bytes()


def test_digest_of_a_file(tmp_path: Path) -> None:
    data = bytes(range(256)) * 5000  # more than one chunk
    (tmp_path / "file").write_bytes(data)
    assert sha256_file(tmp_path / "file") == sha256_tree(tmp_path / "file") == hashlib.sha256(data).hexdigest()


def test_digest_of_a_folder_depends_on_names_and_contents_only(tmp_path: Path) -> None:
    def folder(name: str, **files: str) -> str:
        (tmp_path / name / "sub").mkdir(parents=True)
        for file, content in files.items():
            (tmp_path / name / "sub" / file).write_text(content)
        return sha256_tree(tmp_path / name)

    first = folder("first", a="1", b="2")
    assert folder("again", b="2", a="1") == first
    assert (
        len({first, folder("content", a="1", b="3"), folder("name", a="1", c="2"), folder("swap", a="2", b="1")}) == 4
    )
    assert size_of(tmp_path / "first") == 2
    assert size_of(tmp_path / "first" / "sub" / "a") == 1
