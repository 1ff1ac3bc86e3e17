"""Names a dataset and how it is used by one sha256, for cache keys and reports."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from enum import Enum
from pathlib import Path

from litesmith.core.errors import DatasetError
from litesmith.core.files import sha256_file
from litesmith.core.preprocessing import Preprocessing
from litesmith.core.tensors import TensorSpec
from litesmith.data.reader import find_reader

VERSION = 1
"""Raised when the same dataset would be prepared otherwise than before."""


def digest(
    source: str, *, preprocessing: Preprocessing, inputs: Sequence[TensorSpec], limit: int | None, seed: int
) -> str:
    """Return the sha256 of a dataset's content and of everything that decides how it is prepared.

    Files are read in full and named relative to the dataset, so a copy elsewhere has the same digest. For
    `module:function` there is no content to read: the function's own source file and name stand for it. Changes in
    modules it imports or files it reads are not seen, nor is the file of a module that is not found as .py.

    Raises:
        DatasetError: the source is not recognised or not readable.
    """
    reader = find_reader(source)
    base = Path(source)
    settings = {
        "version": VERSION,
        "reader": reader.name,
        "source": source.rpartition(":")[2] if reader.name == "function" else "",
        "preprocessing": asdict(preprocessing),
        "inputs": [[spec.name, spec.dtype, list(spec.shape), spec.quantized] for spec in inputs],
        "limit": limit,
        "seed": seed,
    }
    whole = hashlib.sha256(json.dumps(settings, sort_keys=True, default=_plain).encode())
    files = reader.files(source)
    try:
        for path in files:
            name = os.path.relpath(path, base) if base.is_dir() else path.name
            content = "folder" if path.is_dir() else sha256_file(path)
            whole.update(f"{name}\0{content}\n".encode("utf-8", "surrogateescape"))
    except OSError as error:
        raise DatasetError(
            f"{error.filename or source} cannot be read: {error.strerror or error}",
            hint="Check the permissions of the dataset's files.",
        ) from error
    if not files:
        whole.update(source.encode())
    return whole.hexdigest()


def _plain(value: object) -> object:
    assert isinstance(value, Enum)
    return value.value
