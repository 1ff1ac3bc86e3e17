"""What is printed below an error's two lines."""

from __future__ import annotations

from litesmith.cli.explanation import as_fields, lines
from litesmith.convert.failure import ConversionFailed
from litesmith.core.conversion import Attempt, AttemptOutcome, Diagnosis
from litesmith.core.errors import ConfigError

BAD = "lstm\x1b[31m\n\u202e"


def made(cause: str) -> ConversionFailed:
    return ConversionFailed(
        "m.keras could not be converted: a loop",
        hint="Type: this",
        diagnosis=Diagnosis(
            cause=cause,
            title="a loop",
            where=(f"{BAD} (LSTM)",),
            why="TFLite has none.",
            remedy="Unroll it.",
            code="x = 1\n\ty = 2",
            cured_by="",
            source="https://example.org",
            evidence="the first cause\x1b[0m\nand the rest",
        ),
        attempts=tuple(
            Attempt(rung=rung, title="", why="", outcome=outcome, cause=cause, message=BAD, duration_s=1.5)
            for rung, outcome in (("wrapped", AttemptOutcome.FAILED), ("keras_export", AttemptOutcome.TIMED_OUT))
        ),
        detail="Traceback\n  a frame",
    )


def test_a_known_cause_tells_where_why_and_what_was_tried() -> None:
    shown = list(lines(made("a_loop")))
    assert shown == [
        "  where:  lstm\\x1b[31m \\x202e (LSTM)",
        "  why:    TFLite has none.",
        "  change: Unroll it.",
        "      x = 1",
        "      \\x09y = 2",
        "  source: https://example.org",
        "  cause:  a_loop",
        "  tried:",
        "    wrapped       failed, 1.5 s: lstm\\x1b[31m \\x202e",
        "    keras_export  timed out, 1.5 s: lstm\\x1b[31m \\x202e",
    ]


def test_an_unknown_cause_is_shown_whole_and_can_be_reported() -> None:
    shown = list(lines(made("unknown")))
    at = shown.index("  the whole text of the first failure:")
    assert shown[at + 1 : at + 3] == ["    the first cause\\x1b[0m", "    and the rest"]
    assert "    Traceback" in shown
    assert "Please report it" in shown[-1]


def test_other_errors_have_nothing_below() -> None:
    error = ConfigError("no", hint="yes")
    assert list(lines(error)) == []
    assert as_fields(error) == {"message": "no", "hint": "yes", "exit_code": 2, "diagnosis": None, "attempts": []}


def test_json_has_the_cause_and_the_attempts() -> None:
    fields = as_fields(made("a_loop"))
    assert fields["diagnosis"]["cause"] == "a_loop"
    assert [attempt["outcome"] for attempt in fields["attempts"]] == ["failed", "timed out"]
