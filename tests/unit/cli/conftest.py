"""Calls of the command line in this process, in a folder full of good and bad files."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from bad_files import write_yard
from command_calls import Call, Called

from litesmith.cli.main import main


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
        code = main([argument.replace("OUT", str(tmp_path / "out")) for argument in arguments])
        printed = capsys.readouterr()
        return Called(code=code, out=printed.out, err=printed.err)

    return run


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    """`main` takes over SIGTERM, which is pytest's."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)
