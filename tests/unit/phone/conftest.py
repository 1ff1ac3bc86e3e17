"""An adb that is a script, for what the real one shows with hardware only."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

Scripted = Callable[[str], Path]


@pytest.fixture
def scripted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scripted:
    """Put an adb with this body (sh; `$*` is what it was called with) on PATH, and return its path."""
    folder = tmp_path / "platform tools"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    for name in ("ANDROID_SERIAL", "ANDROID_HOME", "ANDROID_SDK_ROOT"):
        monkeypatch.delenv(name, raising=False)

    def write(body: str) -> Path:
        program = folder / "adb"
        program.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        program.chmod(0o755)
        return program

    return write
