"""Answers kept sample by sample, for outputs whose shape depends on the sample."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from litesmith.core.files import write_bytes

Array = npt.NDArray[Any]


def write_separate(path: Path, values: Sequence[Array]) -> Path:
    """Write one array per sample, of any shapes, as an .npz; return its path."""
    file = io.BytesIO()
    np.savez(file, *values)
    write_bytes(path, file.getbuffer())
    return path


def read_separate(path: Path) -> list[Array]:
    """Return what `write_separate` wrote, in order."""
    with np.load(path) as stored:
        return [stored[f"arr_{row}"] for row in range(len(stored.files))]
