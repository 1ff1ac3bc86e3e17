"""A probe that never comes back, called in a worker by its import path."""

from __future__ import annotations

import time
from pathlib import Path


def probe(path: Path) -> None:
    del path
    time.sleep(60)
