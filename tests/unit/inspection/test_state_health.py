"""State that a model keeps between inferences."""

from __future__ import annotations

from pathlib import Path

from spelled_tflite import Spelled, write_spelled
from tiny_tflite import write_cnn, write_rnn

from litesmith import api
from litesmith.core.audit import HealthIssue
from litesmith.core.results import Severity
from litesmith.pipeline.auditing import state_notices


def states(path: Path) -> list[HealthIssue]:
    return [issue for issue in api.inspect(path).audit.health if issue.code in ("kept-state", "assigned-state")]


def test_a_fused_recurrent_operator_is_told_and_can_be_reset(tmp_path: Path) -> None:
    (issue,) = states(write_rnn(tmp_path / "rnn.tflite"))
    assert (issue.code, issue.severity) == ("kept-state", Severity.WARNING)
    assert issue.message.startswith("UNIDIRECTIONAL_SEQUENCE_RNN 0 keeps state")
    assert issue.tensors == ("state",)
    assert "reset_all_variables()" in issue.hint


def test_a_variable_that_is_assigned_cannot_be_reset(tmp_path: Path) -> None:
    tensors = {"x": ("float32", (1, 4)), "handle": ("resource", (1,)), "y": ("float32", (1, 4))}
    ops = [
        ("VAR_HANDLE", 1, [], ["handle"]),
        ("READ_VARIABLE", 1, ["handle"], ["y"]),
        ("ASSIGN_VARIABLE", 1, ["handle", "x"], []),
    ]
    path = write_spelled(tmp_path / "stream.tflite", [Spelled(tensors, ops, ["x"], ["y"])])
    (issue,) = states(path)
    assert issue.code == "assigned-state"
    assert "no call that resets it" in issue.hint
    assert [notice.code for notice in state_notices(path)] == ["assigned-state"]


def test_a_model_without_state_is_not_told(tmp_path: Path) -> None:
    path = write_cnn(tmp_path / "cnn.tflite")
    assert states(path) == []
    assert state_notices(path) == ()
