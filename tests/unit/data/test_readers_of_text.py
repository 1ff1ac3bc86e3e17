"""labels.csv and folders: everything that comes before the first pixel."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from litesmith.core.errors import DatasetError

Write = Callable[..., Path]
Prepare = Callable[..., Any]


@pytest.fixture
def folder(tmp_path: Path, picture: Write) -> Path:
    for i in range(3):
        picture(tmp_path / "d" / f"{i}.png", number=i)
    return tmp_path / "d"


def write(folder: Path, text: str, **more: str) -> None:
    (folder / "labels.csv").write_text(text, encoding="utf-8")
    for name, content in more.items():
        (folder / f"{name}.txt").write_text(content, encoding="utf-8")


def test_whole_numbers(folder: Path, prepared: Prepare) -> None:
    write(folder, "file,label\n2.png,7\n0.png,5\n\n")
    samples = prepared(folder, classes=10)
    assert samples.kind == "labels_csv"
    assert samples.labels == (7, 5)
    assert samples.names == ("2.png", "0.png")
    assert samples.raw()[:, 0, 0, 2].tolist() == [2, 0]


def test_files_in_the_images_folder(folder: Path, prepared: Prepare) -> None:
    (folder / "images").mkdir()
    for file in folder.glob("*.png"):
        file.rename(folder / "images" / file.name)
    write(folder, "label,file,photographer\n1,0.png,Ann\n0,1.png,Bo\n")
    assert prepared(folder).labels == (1, 0)


def test_byte_order_mark_quotes_and_spaces(folder: Path, prepared: Prepare) -> None:
    write(folder, '\ufeffFile , Label\n"0.png", 4\n')
    assert prepared(folder).labels == (4,)


@pytest.mark.parametrize("order_file", ["classes", "labels"])
def test_class_names(folder: Path, prepared: Prepare, order_file: str) -> None:
    write(folder, "file,label\n0.png,dog\n1.png,cat\n", **{order_file: "cat\nhouse\ndog\n"})
    assert prepared(folder).labels == (2, 0)


def test_class_names_that_are_numbers(folder: Path, prepared: Prepare) -> None:
    write(folder, "file,label\n0.png,30\n1.png,10\n", classes="10\n20\n30\n")
    assert prepared(folder).labels == (2, 0)


def test_numbers_beside_a_class_list(folder: Path, prepared: Prepare) -> None:
    write(folder, "file,label\n0.png,1\n1.png,0\n", classes="cat\ndog\n")
    assert prepared(folder).labels == (1, 0)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("image;class\n0.png;1\n", "begins with 'image;class', expected 'file,label'", "file,label"),
        ("", "expected 'file,label'", "file,label"),
        ("file,label\n", "lists no samples", "cat_01.jpg,3"),
        ("file,label\n0.png,1\n1.png\n", r"line 3 .* lacks a file or a label", "one line"),
        ("file,label\n0.png,1.5\n", "label '1.5' on line 2 .* not a whole number", "classes.txt"),
        ("file,label\n0.png,cat\n", "label 'cat' on line 2 .* not a whole number", "classes.txt"),
        ("file,label\n0.png,1\nx.png,1\ny.png,2\n", r"2 of 3 files .* x\.png \(line 3\), y\.png \(line 4\)", "images"),
        ("file,label\n0.png,-1\n", "label -1 of sample '0.png'", "count from 0"),
    ],
)
def test_bad_tables(folder: Path, prepared: Prepare, text: str, message: str, hint: str) -> None:
    write(folder, text)
    with pytest.raises(DatasetError, match=message) as caught:
        prepared(folder)
    assert hint in caught.value.hint


def test_unknown_class_name(folder: Path, prepared: Prepare) -> None:
    write(folder, "file,label\n0.png,dog\n1.png,caat\n", classes="cat\ndog\n")
    with pytest.raises(
        DatasetError, match=r"label 'caat' on line 3 .* not among the 2 classes of classes\.txt"
    ) as caught:
        prepared(folder)
    assert "Did you mean 'cat'?" in caught.value.hint


def test_table_that_is_not_text(folder: Path, prepared: Prepare) -> None:
    (folder / "labels.csv").write_bytes(b"file,label\n\xff\xfe\x00,1")
    with pytest.raises(DatasetError, match="not UTF-8"):
        prepared(folder)


def test_images_beside_folders_of_images(folder: Path, picture: Write, prepared: Prepare) -> None:
    picture(folder / "cats" / "0.png")
    with pytest.raises(DatasetError, match=r"3 images and 1 folders of images \(cats\)"):
        prepared(folder)


def test_unlabelled_images(folder: Path, prepared: Prepare) -> None:
    samples = prepared(folder)
    assert samples.kind == "image_folder"
    assert samples.labels is None


@pytest.mark.parametrize("name", ["images", "Images"])
def test_unlabelled_images_one_folder_down(folder: Path, prepared: Prepare, tmp_path: Path, name: str) -> None:
    (tmp_path / "up").mkdir()
    folder.rename(tmp_path / "up" / name)
    assert prepared(tmp_path / "up").kind == "image_folder"
