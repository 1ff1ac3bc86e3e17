"""What can become of a call in another process, other than a result or an error of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from litesmith.core.errors import EvaluationError

if TYPE_CHECKING:
    from litesmith.core.conversion import Diagnosis


class WorkerCrash(EvaluationError):
    """The process ended by itself: a signal, an abort in native code, or no memory.

    Attributes:
        output: The last of what it printed.
    """

    def __init__(self, message: str, *, hint: str = "", diagnosis: Diagnosis | None = None, output: str = "") -> None:
        super().__init__(message, hint=hint, diagnosis=diagnosis)
        self.output = output


class WorkerTimeout(EvaluationError):
    """A call took longer than it was given; the process was ended."""


class WorkerClosed(EvaluationError):
    """The worker was ended on purpose while a call was under way, or before it began."""


class RemoteError(EvaluationError):
    """An exception other than ours in the worker.

    Attributes:
        kind: Class name of the exception.
        trace: Its traceback, for a bug report.
    """

    def __init__(
        self, message: str, *, hint: str = "", diagnosis: Diagnosis | None = None, kind: str = "", trace: str = ""
    ) -> None:
        super().__init__(message, hint=hint, diagnosis=diagnosis)
        self.kind = kind
        self.trace = trace
