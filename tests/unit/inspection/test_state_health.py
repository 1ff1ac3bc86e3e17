"""State that a model keeps between inferences."""

from __future__ import annotations

from pathlib import Path

from tiny_tflite import write_cnn, write_rnn

from litesmith import api
from litesmith.core.results import Severity


def test_a_fused_recurrent_operator_is_told(tmp_path: Path) -> None:
    (issue,) = [i for i in api.inspect(write_rnn(tmp_path / "rnn.tflite")).audit.health if i.code == "kept-state"]
    assert issue.severity is Severity.WARNING
    assert issue.message.startswith("UNIDIRECTIONAL_SEQUENCE_RNN 0 keeps state")
    assert issue.tensors == ("state",)
    assert "reset" in issue.hint.lower()


def test_a_model_without_state_is_not(tmp_path: Path) -> None:
    assert [i for i in api.inspect(write_cnn(tmp_path / "cnn.tflite")).audit.health if i.code == "kept-state"] == []
