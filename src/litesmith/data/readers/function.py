"""A Python function of the user's: `module:function` or `path/to/file.py:function`.

It is called without arguments in a process of its own, with the current folder on the Python path, and returns or
yields x or (x, y); x is an array, or a dict from input name to array.
"""

from __future__ import annotations

import re
from pathlib import Path

from litesmith.core.errors import DatasetError
from litesmith.core.isolated import Worker
from litesmith.core.worker_errors import RemoteError, WorkerCrash, WorkerTimeout
from litesmith.data.reader import Listing, Reader, Request
from litesmith.data.user_function import find_module_file

_NAME = r"[^\W\d]\w*"
_FORM = re.compile(rf"(?P<place>.+\.py|{_NAME}(\.{_NAME})*):(?P<function>{_NAME})")
_TRACE_LINE = re.compile(r'File "(?P<file>[^"]+)", line (?P<line>\d+)')


def _recognises(source: str) -> bool:
    return _FORM.fullmatch(source) is not None and not Path(source).exists()


def _read(request: Request) -> Listing:
    """Run the function and store what it gives.

    Raises:
        DatasetError: the function cannot be found, fails, or gives something else than samples.
    """
    function = "litesmith.data.user_function:store"
    with Worker(f"dataset function '{request.source}'") as worker:
        try:
            listing: Listing = worker.call(
                function, source=request.source, inputs=request.inputs, folder=request.scratch
            )
        except RemoteError as error:
            raise DatasetError(
                f"dataset function '{request.source}' failed: {error.message}",
                hint=_where(error.trace) or "Call it by itself in Python first.",
            ) from error
        except (WorkerCrash, WorkerTimeout) as error:
            raise DatasetError(error.message, hint="Call it by itself in Python first.") from error
    return listing


def _where(trace: str) -> str:
    """Return the last line of a traceback that is the user's."""
    places = [match.groups() for match in _TRACE_LINE.finditer(trace)]
    own = [(file, line) for file, line in places if "litesmith" not in Path(file).parts and "lib/python" not in file]
    return f"See {own[-1][0]}, line {own[-1][1]}." if own else ""


def _files(source: str) -> tuple[Path, ...]:
    match = _FORM.fullmatch(source)
    assert match is not None
    file = find_module_file(match["place"])
    return (file,) if file is not None else ()


PLUGIN = Reader(
    name="function",
    accepts="module:function or file.py:function that yields x or (x, y)",
    recognises=_recognises,
    read=_read,
    files=_files,
)
