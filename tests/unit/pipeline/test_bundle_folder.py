"""The folder of a bundle: what is there stays, unless it is a bundle and was to be replaced."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from litesmith import api
from litesmith.bundle.check import damages
from litesmith.core.bundle import Bundled
from litesmith.core.errors import OutputError
from litesmith.pipeline import bundling


def make(model: Path, folder: Path, **settings: Any) -> Bundled:
    return api.bundle(model, "raspberry-pi", folder / "bundle", **settings)


@pytest.mark.slow
def test_what_is_there_is_replaced_only_when_told_and_only_a_bundle(int8: Path, cnn: Path, tmp_path: Path) -> None:
    first = make(int8, tmp_path)
    with pytest.raises(OutputError, match="a bundle of 'int8'") as raised:
        make(cnn, tmp_path)
    assert "--replace" in raised.value.hint
    (Path(first.folder) / ".venv").mkdir()
    own = Path(first.folder) / "my_app.py"
    own.write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match=r"my_app\.py is not in manifest\.json"):
        make(cnn, tmp_path, replace=True)
    assert own.read_text(encoding="utf-8") == "mine"
    own.unlink()
    assert make(cnn, tmp_path, replace=True).manifest.card.name == "cnn"
    assert not (Path(first.folder) / "int8.py").exists()
    (tmp_path / "bundle" / "manifest.json").unlink()
    with pytest.raises(OutputError, match="is no bundle: nothing in it is replaced"):
        make(cnn, tmp_path, replace=True)
    file = tmp_path / "file"
    file.write_text("mine", encoding="utf-8")
    for place in (file, tmp_path / "link"):
        if place != file:
            place.symlink_to(file)
        with pytest.raises(OutputError, match="is no folder"):
            api.bundle(cnn, "raspberry-pi", place, replace=True)
    assert file.read_text(encoding="utf-8") == "mine"
    (tmp_path / "void").mkdir()
    api.bundle(cnn, "raspberry-pi", tmp_path / "void")
    assert damages(tmp_path / "void") == []


@pytest.mark.slow
def test_a_failure_on_the_way_keeps_the_old_bundle_and_leaves_nothing(
    int8: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(int8, tmp_path)

    def fail(*arguments: object, **named: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(bundling, "manifest_of", fail)
    with pytest.raises(KeyboardInterrupt):
        make(int8, tmp_path, replace=True)
    assert [p.name for p in tmp_path.iterdir()] == ["bundle"]
    assert damages(tmp_path / "bundle") == []
