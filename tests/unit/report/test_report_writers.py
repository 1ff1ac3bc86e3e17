from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from litesmith.core.deployment import Deployment
from litesmith.core.errors import OutputError, UnknownNameError
from litesmith.core.registry import load_plugins
from litesmith.report.encode import from_data
from litesmith.report.writer import KIND, PACKAGE, Writer, write_reports

GOLDEN = Path(__file__).parents[2] / "golden" / "report"


def test_every_writer_is_named_by_its_file() -> None:
    plugins = load_plugins(PACKAGE, kind=KIND)
    assert {"json_file", "html_page"} <= plugins.keys()
    for name, plugin in plugins.items():
        assert isinstance(plugin, Writer)
        assert plugin.name == name
    assert len({p.file_name for p in plugins.values()}) == len(plugins)


@pytest.mark.parametrize("name", ["full", "minimal", "hostile"])
def test_reports_are_written(name: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    deployment: Deployment = request.getfixturevalue(name)
    paths = write_reports(deployment, tmp_path / "out")
    assert sorted(p.name for p in paths) == ["report.html", "report.json"]
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["report.html", "report.json"]
    stored = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    assert from_data(Deployment, stored) == deployment


def test_json_equals_the_golden_one(full: Deployment, tmp_path: Path) -> None:
    (path,) = write_reports(full, tmp_path, names=["json_file"])
    golden = GOLDEN / "full.json"
    if os.environ.get("LITESMITH_UPDATE_GOLDEN"):
        golden.write_bytes(path.read_bytes())
    assert path.read_text(encoding="utf-8") == golden.read_text(encoding="utf-8"), "set LITESMITH_UPDATE_GOLDEN=1"


def test_errors_are_ours(full: Deployment, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="report writer"):
        write_reports(full, tmp_path, names=["pdf"])
    blocked = tmp_path / "file"
    blocked.write_text("x")
    with pytest.raises(OutputError):
        write_reports(full, blocked)
