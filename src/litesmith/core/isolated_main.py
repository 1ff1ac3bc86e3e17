"""The other end of `Worker`: receives calls on one pipe, answers on another."""

from __future__ import annotations

import importlib
import os
import pickle
import shutil
import signal
import sys
import threading
import time
import traceback
from multiprocessing.connection import Connection
from typing import Any

from litesmith.core.errors import LitesmithError

_PARENT_CHECK_S = 1.0


def _end_with_parent(parent: int, scratch: str) -> None:
    """Leave when the parent is gone, even in the middle of a native call, and take the temporary files along."""
    while os.getppid() == parent:
        time.sleep(_PARENT_CHECK_S)
    _remove(scratch)
    os._exit(1)


def _remove(scratch: str) -> None:
    """Remove the temporary files: the parent does so too, unless it was killed."""
    if scratch:
        shutil.rmtree(scratch, ignore_errors=True)


def _carry_out(function: str, arguments: dict[str, Any]) -> tuple[str, Any]:
    module, name = function.split(":")
    try:
        return "result", getattr(importlib.import_module(module), name)(**arguments)
    except LitesmithError as error:
        return "ours", error
    except Exception as error:
        return "theirs", (type(error).__name__, str(error), traceback.format_exc())


def main(read_fd: int, write_fd: int, scratch: str = "") -> None:
    """Serve calls until the parent closes its end.

    Args:
        read_fd: Of the pipe that requests come by.
        write_fd: Of the pipe that answers go by.
        scratch: Folder of this process's temporary files; nothing where it has none of its own.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, args=(os.getppid(), scratch), daemon=True).start()
    requests = Connection(read_fd, writable=False)
    answers = Connection(write_fd, readable=False)
    while True:
        try:
            function, arguments, wants_progress = requests.recv()
        except EOFError:
            _remove(scratch)
            return
        if wants_progress:
            arguments["progress"] = lambda done, total: answers.send(("progress", (done, total)))
        answer = _carry_out(function, arguments)
        try:
            answers.send(answer)
        except (pickle.PicklingError, TypeError, AttributeError) as error:
            answers.send(("theirs", (type(error).__name__, f"the result cannot be sent back: {error}", "")))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])
