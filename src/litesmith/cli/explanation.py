"""What stands below an error's two lines: the cause in the user's model, what to change, and what was tried."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from litesmith.cli.verb import escaped
from litesmith.core.errors import LitesmithError
from litesmith.core.units import format_duration

_UNKNOWN = "unknown"
_REPORT = (
    "Litesmith does not know this failure. Please report it with the text above and what `litesmith doctor` prints, "
    "and the model if you may."
)


def lines(error: LitesmithError) -> Iterator[str]:
    """Yield what is known of an error's cause, line by line; nothing where no cause was looked for."""
    attempts = getattr(error, "attempts", ())
    found = error.diagnosis
    if found is not None and found.cause != _UNKNOWN:
        if found.where:
            yield f"  where:  {one_line(', '.join(found.where))}"
        if found.why:
            yield f"  why:    {one_line(found.why)}"
        said = one_line(found.remedy) in one_line(error.hint)  # the hint has it already
        if found.code or not said:
            yield "  change:" if said else f"  change: {one_line(found.remedy)}"
        yield from (f"      {escaped(line)}" for line in found.code.splitlines())
        if found.source:
            yield f"  source: {one_line(found.source)}"
        yield f"  cause:  {found.cause}"
    if attempts:
        yield "  tried:"
        width = max(len(attempt.rung) for attempt in attempts)
    for attempt in attempts:
        message = f": {one_line(attempt.message)}" if attempt.message else ""
        took = format_duration(attempt.duration_s)
        yield f"    {escaped(attempt.rung):<{width}}  {attempt.outcome.value}, {took}{message}"
    if found is not None and found.cause == _UNKNOWN:
        yield "  the whole text of the first failure:"
        yield from (f"    {escaped(line)}" for line in found.evidence.splitlines())
        detail = getattr(error, "detail", "")
        if detail and detail.strip() != found.evidence.strip():
            yield "  and its traceback:"
            yield from (f"    {escaped(line)}" for line in detail.splitlines())
        yield f"  {_REPORT}"


def as_fields(error: LitesmithError) -> dict[str, Any]:
    """Return the error as `--json` prints it."""
    from litesmith.report.encode import to_data

    return {
        "message": error.message,
        "hint": error.hint,
        "exit_code": error.exit_code,
        "diagnosis": to_data(error.diagnosis),
        "attempts": to_data(getattr(error, "attempts", ())),
    }


def one_line(text: str) -> str:
    """Return a message, which may hold names and texts that are not ours, as one harmless line."""
    return escaped(" ".join(line.strip() for line in text.splitlines() if line.strip()))
