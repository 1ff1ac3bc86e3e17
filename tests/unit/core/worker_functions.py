"""Functions that workers are asked to carry out."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from litesmith.core.errors import SourceError


def echo(value: Any, after_s: float = 0.0) -> Any:
    time.sleep(after_s)
    return value


def process() -> int:
    return os.getpid()


def variable(name: str) -> str | None:
    return os.environ.get(name)


def forgotten() -> Path:
    """Return a temporary file that nobody removes."""
    descriptor, name = tempfile.mkstemp()
    os.close(descriptor)
    return Path(name)


def refuse(what: str) -> None:
    raise SourceError(f"{what} is damaged", hint="Copy it again.")


def stumble() -> None:
    print("before the fall")
    raise KeyError("planted")


def abort() -> None:
    print("Check failed: planted", flush=True)
    os.abort()


def leave(code: int) -> None:
    os._exit(code)


def sleep(seconds: float, mark: Path) -> None:
    mark.write_text(str(os.getpid()))
    time.sleep(seconds)


def count(steps: int, pause_s: float, progress: Callable[[int, int], None]) -> str:
    for step in range(steps):
        time.sleep(pause_s)
        progress(step + 1, steps)
    return "counted"


def unsendable() -> object:
    return lambda: 0


def chatter(lines: int) -> int:
    for line in range(lines):
        print(f"complaint {line}", file=sys.stderr)
    for line in range(lines):
        print(f"line {line}")
    sys.stdout.flush()
    return lines


def touch_or_fail(number: int, folder: Path, fail_at: int) -> int:
    if number == fail_at:
        raise SourceError(f"call {number} fails")
    time.sleep(0.02)
    (folder / str(number)).touch()
    return number


def meet(number: int, folder: Path, expected: int) -> int:
    """Wait until `expected` processes are here."""
    (folder / str(number)).touch()
    deadline = time.monotonic() + 10
    while len(list(folder.iterdir())) < expected:
        if time.monotonic() > deadline:
            raise SourceError(f"call {number} waited alone")
        time.sleep(0.01)
    return os.getpid()
