"""What fails inside a run, and that the rest goes on."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from broken_tflite import write_endless
from tiny_tflite import write_unpreparable

from litesmith import api
from litesmith.core.errors import EvaluationError, LitesmithError
from litesmith.core.isolated import Worker
from litesmith.core.results import Status

MODELS = Path(__file__).parents[1] / "models"
Planted = Callable[[dict[str, Any]], bool]


@pytest.fixture
def plant(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Planted], None]:
    """Make a worker abort, as native code does, in calls of a function whose arguments fit."""
    monkeypatch.setenv("PYTHONPATH", str(MODELS))
    real = Worker.call

    def planted(function: str, fits: Planted) -> None:
        def call(self: Worker, name: str, /, **arguments: Any) -> Any:
            if name == function and fits(arguments):
                return real(self, "failing_openers:open_and_abort", path=Path("here"))
            return real(self, name, **arguments)

        monkeypatch.setattr(Worker, "call", call)

    return planted


FAST = {"preprocess": "unit", "runs": 5, "warmup": 1, "calibrator": "min_max", "jobs": 2}


def test_a_variant_that_cannot_be_built_is_reported_and_the_run_goes_on(
    work: Any, plant: Callable[[str, Planted], None], tmp_path: Path
) -> None:
    plant("litesmith.quantize.build:build", lambda given: given["scheme"] == "float16")
    made = api.deploy(work.model, data=work.data, schemes=["float16", "dynamic_int8"], out=tmp_path, **FAST)
    broken = made.variants[1]
    assert [v.status for v in made.variants] == [Status.OK, Status.FAILED, Status.OK]
    assert "ended abruptly (SIGABRT): Check failed: planted in here" in broken.reason
    assert (broken.file, broken.evaluation, broken.benchmarks) == ("", None, ())
    assert made.variants[2].evaluation is not None
    assert made.recommended in ("float32", "dynamic_int8")
    assert not (tmp_path / "variants" / "float16.tflite").exists()
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["variants"][1]["reason"] == broken.reason
    assert "planted in here" in (tmp_path / "report.html").read_text()


@pytest.mark.slow
def test_a_failed_build_is_tried_again_by_the_next_run(
    work: Any, plant: Callable[[str, Planted], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    plant("litesmith.quantize.build:build", lambda given: given["scheme"] == "float16")
    first = api.quantize(work.model, schemes=["float16"], out=tmp_path)
    monkeypatch.undo()
    again = api.quantize(work.model, schemes=["float16"], out=tmp_path)
    assert [v.status for v in first.variants] == [Status.OK, Status.FAILED]
    assert [v.status for v in again.variants] == [Status.OK, Status.OK]


@pytest.mark.slow
def test_a_variant_that_cannot_be_run_is_reported_and_the_run_goes_on(
    work: Any, plant: Callable[[str, Planted], None], tmp_path: Path
) -> None:
    plant("litesmith.runtime.run_samples:run_range", lambda given: given["path"].stem == "float16")
    made = api.deploy(work.model, data=work.data, schemes=["float16", "dynamic_int8"], out=tmp_path, **FAST)
    assert [v.status for v in made.variants] == [Status.OK, Status.FAILED, Status.OK]
    assert "SIGABRT" in made.variants[1].reason
    assert made.variants[1].benchmarks == ()
    assert made.variants[2].benchmarks


def test_when_the_float_model_cannot_be_run_nothing_can_be_compared(
    work: Any, plant: Callable[[str, Planted], None], tmp_path: Path
) -> None:
    plant("litesmith.runtime.run_samples:run_range", lambda given: given["path"].match("variants/float32.tflite"))
    with pytest.raises(EvaluationError, match="SIGABRT"):
        api.deploy(work.model, data=work.data, schemes=["float16"], out=tmp_path, **FAST)
    assert not (tmp_path / "report.json").exists()
    assert not [p for p in tmp_path.rglob("*") if p.name.endswith(".part")]


def test_a_model_that_crashes_the_runtime_becomes_a_message(work: Any, tmp_path: Path) -> None:
    crashing = write_endless(tmp_path / "endless.tflite")
    inspected = api.inspect(crashing)
    assert len(inspected.graph.subgraphs) == 3
    assert "SIGSEGV" in inspected.audit.delegates[0].note
    with pytest.raises(EvaluationError, match=r"endless.tflite cannot be run: .* ended abruptly \(SIGSEGV\)") as caught:
        api.deploy(crashing, schemes=["float16"], out=tmp_path / "out")
    assert "litesmith inspect" in caught.value.hint
    with pytest.raises(LitesmithError, match="SIGSEGV"):
        api.evaluate(crashing, work.data)


def test_beside_a_good_model_bad_ones_are_failed_rows(work: Any, tmp_path: Path) -> None:
    crashing, refused = write_endless(tmp_path / "crashing.tflite"), write_unpreparable(tmp_path / "refused.tflite")
    timed = api.benchmark([crashing, work.model, refused], runs=5).variants
    scored = api.evaluate([work.model, crashing, refused], work.data, preprocess="unit").variants
    assert {v.scheme: v.status for v in (*timed, *scored)} == {
        "cnn": Status.OK,
        "crashing": Status.FAILED,
        "refused": Status.FAILED,
    }
    for made in (timed, scored):
        reasons = {v.scheme: v.reason for v in made}
        assert "SIGSEGV" in reasons["crashing"]
        assert "cannot be prepared" in reasons["refused"]
    assert timed[1].benchmarks
    assert scored[0].evaluation is not None
