"""Why a conversion failed, in one line, and the rest for a bug report."""

from __future__ import annotations

import re

from litesmith.core.conversion import Attempt, Diagnosis
from litesmith.core.errors import ConversionError

_LIMIT = 220
_UNSUPPORTED = re.compile(r"'(tf\.[\w.]+)' op is neither a custom op nor a flex op")
_MLIR_ERROR = re.compile(r"error: (?:loc\(.*?\): )?(.+)")
_LOCATION = re.compile(r"\bloc\((?:[^()]|\([^()]*\))*\):?\s*|<unknown>:\d+:\s*")
_FATAL = re.compile(r"Check failed|LLVM ERROR|Assertion|terminate called|^F\d{4}|Fatal|bad_alloc|Out of memory")
_KERAS = re.compile(r"Exception encountered when calling [^\n]*\.\s*|\x1b\[[0-9;]*m")  # a frame around the cause
_LOG = re.compile(
    r"^(?:INFO|WARNING|W\d{4}|I\d{4}|WARNING: All log messages)\b|^[IW]\d{4} |\b[IW] \w+/\S+\.cc:\d+\]|cuInit"
)
_PREFIX = re.compile(r"^(?:\w+Error|Exception): ")


class ConversionFailed(ConversionError):
    """TensorFlow could not open, convert or run the model.

    Attributes:
        attempts: Every rung that was tried, in order.
        detail: Traceback or last output of the process in the first failure, for a bug report.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        diagnosis: Diagnosis | None = None,
        attempts: tuple[Attempt, ...] = (),
        detail: str = "",
    ) -> None:
        super().__init__(message, hint=hint, diagnosis=diagnosis)
        self.attempts = attempts
        self.detail = detail


def first_cause(text: str) -> str:
    r"""Return the first cause of a TensorFlow error in one short line.

    >>> first_cause("ConverterError: <unknown>:0: error: 'tf.Foo' op is neither a custom op nor a flex op")
    'no TFLite kernel for tf.Foo'
    >>> first_cause("ValueError: Exception encountered when calling LSTM.call().\n\nCannot unroll it")
    'ValueError: Cannot unroll it'
    >>> first_cause("ValueError: shapes (1, 2) and (3, 4) do not match")
    'ValueError: shapes (1, 2) and (3, 4) do not match'
    """
    ops = list(dict.fromkeys(_UNSUPPORTED.findall(text)))
    if ops:
        kind = " (float16)" if "xf16>" in text else ""
        more = f" and {len(ops) - 4} more" if len(ops) > 4 else ""
        return f"no TFLite kernel for {', '.join(ops[:4])}{more}{kind}"
    text = _KERAS.sub("", text)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        return "no message"
    found = _MLIR_ERROR.search(text)
    line = _LOCATION.sub("", found[1] if found else lines[0]).strip()
    if not _PREFIX.sub("", line):
        line = " ".join(lines[:2])
    return line if len(line) <= _LIMIT else line[: _LIMIT - 3] + "..."


def crash_cause(message: str, output: str) -> str:
    r"""Return why a process ended: `message` names the signal, `output` is the last of what it printed.

    >>> crash_cause("TensorFlow ended abruptly (SIGABRT): at 0x7f", "F0000 tensor.cc:9] Check failed: n > 0\nat 0x7f")
    'TensorFlow ended abruptly (SIGABRT): F0000 tensor.cc:9] Check failed: n > 0'
    >>> crash_cause("TensorFlow ended abruptly (SIGSEGV)", "INFO: Created TensorFlow Lite XNNPACK delegate for CPU.")
    'TensorFlow ended abruptly (SIGSEGV)'
    """
    how = message.partition(": ")[0]
    lines = [line.strip() for line in output.splitlines() if line.strip() and not _LOG.search(line.strip())]
    fatal = [line for line in lines if _FATAL.search(line)]
    shown = " | ".join(fatal[-1:] or lines[-3:])
    return f"{how}: {shown[:_LIMIT]}" if shown else how
