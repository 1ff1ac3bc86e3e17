"""What every kind of bundle promises."""

from __future__ import annotations

from pathlib import Path

import pytest
from bundled_models import job_of
from tiny_tflite import write_cnn

from litesmith.bundle.kind import PACKAGE, Kind
from litesmith.core.errors import BundleError
from litesmith.core.files import sha256_file
from litesmith.core.registry import load_plugins, plugin_names

KINDS: dict[str, Kind] = load_plugins(PACKAGE, kind="kind of bundle")
ROLES = {"model", "code", "labels", "document", "setup"}
by_name = pytest.mark.parametrize("name", plugin_names(PACKAGE))


@by_name
def test_name_is_the_file_name_and_it_says_what_it_is(name: str) -> None:
    assert KINDS[name].name == name
    assert 10 < len(KINDS[name].summary) <= 100


@by_name
def test_it_names_every_file_it_writes_and_no_other(tmp_path: Path, name: str) -> None:
    """The model goes in as it is; nothing depends on when or where the bundle is made."""
    path = write_cnn(tmp_path / "cnn.tflite", size=16)
    job = job_of(path, picture=True, labels=tuple("abcde"))
    contents = []
    for folder in (tmp_path / "one", tmp_path / "other place"):
        folder.mkdir()
        written = dict(KINDS[name].write(job, folder))
        assert {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()} == set(written)
        assert set(written.values()) <= ROLES
        (model,) = [file for file, role in written.items() if role == "model"]
        assert sha256_file(folder / model) == job.card.sha256
        contents.append({file: (folder / file).read_bytes() for file in written})
        assert not any(str(tmp_path).encode() in data for data in contents[-1].values())
    assert contents[0] == contents[1]


@by_name
def test_labels_that_do_not_fit_leave_nothing(tmp_path: Path, name: str) -> None:
    job = job_of(write_cnn(tmp_path / "cnn.tflite"), picture=True, labels=("one",))
    (tmp_path / "out").mkdir()
    with pytest.raises(BundleError) as caught:
        KINDS[name].write(job, tmp_path / "out")
    assert caught.value.hint
    assert list((tmp_path / "out").iterdir()) == []
