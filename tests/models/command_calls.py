"""Runs commands in this process, as `litesmith` would."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from litesmith.cli.main import main


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """Exit code and what was printed."""

    code: int
    out: str
    err: str


Call = Callable[..., Called]


def called(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> Called:
    """Run one command. `main` takes over SIGTERM, which is pytest's; it is given back."""
    capsys.readouterr()
    before = signal.getsignal(signal.SIGTERM)
    try:
        code = main([str(argument) for argument in arguments])
    finally:
        signal.signal(signal.SIGTERM, before)
    printed = capsys.readouterr()
    return Called(code=code, out=printed.out, err=printed.err)
