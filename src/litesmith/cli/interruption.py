"""What Ctrl-C does: ends the command with its exit code, wherever it arrives."""

from __future__ import annotations

import signal
import threading
from typing import NoReturn


class Interrupted(KeyboardInterrupt):
    """Ctrl-C.

    A class of its own, because Python notes a plain KeyboardInterrupt that leaves `exec` of a text (every dataclass is
    made by one) and ends by the signal later, whatever exit code was returned (`run_eval_code_obj` in CPython's
    pythonrun.c).
    """


class _Arrived:
    """Whether Ctrl-C arrived in this command."""

    yet = False


def heed() -> None:
    """Let Ctrl-C raise `Interrupted`, unless the caller has it ignored or handles it."""
    _Arrived.yet = False
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _arrive)


def raise_if_lost() -> None:
    """Raise what arrived where Python throws errors away, such as in a callback of an import.

    Raises:
        Interrupted: Ctrl-C arrived and the command goes on all the same.
    """
    if _Arrived.yet and threading.current_thread() is threading.main_thread():
        raise Interrupted


def _arrive(number: int, frame: object) -> NoReturn:
    del number, frame
    _Arrived.yet = True
    raise Interrupted
