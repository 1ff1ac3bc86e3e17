"""Results of stages, kept by what they were made from, so that nothing is done twice.

An entry is a folder named by the sha256 of (stage, its version, package versions, inputs). It is filled under
another name and renamed when it is whole: an interrupted stage leaves no entry, and the next run goes on from the
last whole one.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from litesmith.core.environment import versions
from litesmith.core.errors import PluginError, UserError
from litesmith.core.files import output_error, write_text
from litesmith.report.encode import from_data, to_data

T = TypeVar("T")
_RESULT = "result.json"
_KEEP = 12
_DAY_S = 86400


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept(Generic[T]):
    """A stage's result, the folder with its files, and whether it was already there."""

    value: T
    folder: Path
    cached: bool


def _tools() -> dict[str, str]:
    """Return the versions of what makes results; a result of other versions is made again."""
    known = versions()
    return {
        name: known.get(name, "") for name in ("litesmith", "ai-edge-litert", "litert-quantizer", "pillow", "numpy")
    }


class Cache:
    """A folder of entries.

    Args:
        root: Where entries are kept.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._in_use: set[Path] = set()

    def get(
        self, stage: str, key: Mapping[str, Any], kind: type[T], make: Callable[[Path], T], *, version: int = 1
    ) -> Kept[T]:
        """Return the kept result, or make it and keep it.

        Args:
            stage: Name of the stage.
            key: Everything the result depends on, as plain values.
            kind: Record type of the result.
            make: Makes the result; files go into the folder it is given. They are found again in `Kept.folder`.
            version: Raised when the stage's code changes its results.

        Raises:
            OutputError: the folder cannot be written.
        """
        text = json.dumps([stage, version, _tools(), to_data(dict(key))], sort_keys=True)
        entry = self.root / stage / hashlib.sha256(text.encode()).hexdigest()[:32]
        kept = self._read(entry, kind)
        self._in_use.add(entry)
        if kept is not None:
            return Kept(value=kept, folder=entry, cached=True)
        try:
            entry.parent.mkdir(parents=True, exist_ok=True)
            unfinished = Path(tempfile.mkdtemp(prefix=".", suffix=".part", dir=entry.parent))
        except OSError as error:
            raise output_error(error, entry.parent) from error
        try:
            value = make(unfinished)
            write_text(unfinished / _RESULT, json.dumps(to_data(value)))
            value = self._settle(unfinished, entry, kind, value)
        except OSError as error:
            if error.errno is None and " writ" not in str(error):
                raise  # not the file system's
            full = OSError(errno.ENOSPC, str(error))  # NumPy tells of a short write without the cause
            raise output_error(full if error.errno is None else error, entry) from error
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
        self._prune(entry.parent)
        return Kept(value=value, folder=entry, cached=False)

    def _settle(self, unfinished: Path, entry: Path, kind: type[T], value: T) -> T:
        """Rename an entry that is whole, unless another run did so in the meantime: it may be reading its files."""
        kept = self._read(entry, kind)
        if kept is not None:
            return kept
        if entry.exists():
            shutil.rmtree(entry)  # damaged
        try:
            unfinished.replace(entry)
        except OSError:
            kept = self._read(entry, kind)  # it came between the two
            if kept is None:
                raise
            return kept
        return value

    def _read(self, entry: Path, kind: type[T]) -> T | None:
        try:
            data = json.loads((entry / _RESULT).read_text(encoding="utf-8"))
            value = from_data(kind, data)
        except (OSError, ValueError, TypeError, AttributeError, PluginError, UserError):
            return None  # missing, damaged or written by another version: made again
        os.utime(entry)
        return value

    def _prune(self, stage: Path) -> None:
        """Remove all but the last entries used, and what interrupted runs left; never what this run still reads."""
        ages = {entry: time.time() - _used(entry) for entry in stage.iterdir()}
        whole = sorted((entry for entry in ages if not entry.name.startswith(".")), key=ages.__getitem__)
        left = [entry for entry in ages if entry.name.endswith(".part") and ages[entry] > _DAY_S]
        for old in (*whole[_KEEP:], *left):
            if old not in self._in_use:
                shutil.rmtree(old, ignore_errors=True)


def _used(entry: Path) -> float:
    """Return when an entry was last used; now, if another run has just removed it."""
    try:
        return entry.stat().st_mtime
    except FileNotFoundError:
        return time.time()
