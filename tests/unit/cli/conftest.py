"""Calls of the command line in a folder full of good and bad files."""

from __future__ import annotations

from pathlib import Path

import pytest
from bad_files import write_yard
from command_calls import Call, Called, called


@pytest.fixture(scope="session")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models and datasets, good ones and bad ones."""
    folder = tmp_path_factory.mktemp("yard")
    write_yard(folder)
    return folder


@pytest.fixture
def call(yard: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Run a command in the yard; `OUT` stands for an output folder."""
    monkeypatch.chdir(yard)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str) -> Called:
        return called(capsys, *(argument.replace("OUT", str(tmp_path / "out")) for argument in arguments))

    return run
