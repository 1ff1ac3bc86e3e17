"""What becomes of a trained model in a run. Training itself is left out: it is replaced by a float model at hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from sample_sets import pictures

from litesmith.core.errors import EvaluationError
from litesmith.core.results import Status, Variant
from litesmith.pipeline import recovering
from litesmith.pipeline.opening import Prepared, prepare
from litesmith.pipeline.recovering import LABEL, Made, with_recovery
from litesmith.pipeline.run import Run
from litesmith.pipeline.settings import Settings
from litesmith.pipeline.variants import build_all, build_one
from litesmith.recover.process import Trained

pytestmark = pytest.mark.slow  # builds int8 models for each test

TRAINED = Trained(losses=(0.5, 0.2, 0.3), best_epoch=1, folded=2, left_float=("n (Norm)",), actions=(), duration_s=1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A run up to its variants."""

    run: Run
    prepared: Prepared
    variants: list[Variant]

    @property
    def file(self) -> Path:
        return self.run.folder / f"variants/{LABEL}.tflite"


def begin(model: Path, folder: Path, count: int) -> tuple[Run, Path]:
    np.savez(folder / "data.npz", x=pictures(count))
    settings = Settings(
        model=str(model), calibrate=str(folder / "data.npz"), preprocess="unit", schemes=("int8",), recover=True, jobs=1
    )
    return Run(settings, folder=folder / "out"), folder / "out"


@pytest.fixture
def begun(cnn: Path, tmp_path: Path) -> Iterator[Begun]:
    run, _ = begin(cnn, tmp_path, 100)
    with run:
        prepared = prepare(run, ("float32", "int8"))
        yield Begun(
            run=run,
            prepared=prepared,
            variants=build_all(run, prepared.model, prepared.calibrated, ("float32", "int8")),
        )


def gives(monkeypatch: pytest.MonkeyPatch, begun: Begun) -> None:
    """Let training give the float model as it is."""
    made = Made(trained=TRAINED, conversion=begun.prepared.model.conversion, duration_s=2.0)
    monkeypatch.setattr(recovering, "_trained", lambda *_: (made, begun.prepared.model))


def worse(begun: Begun) -> list[Variant]:
    """Return the variants with four-bit weights in place of int8."""
    bad = build_one(begun.run, begun.prepared.model, None, "dynamic_int4")
    return [begun.variants[0], replace(begun.variants[1], file=bad.file, sha256=bad.sha256)]


def test_without_the_option_nothing_is_done(begun: Begun) -> None:
    run = begun.run
    run.settings = replace(run.settings, recover=False)
    assert with_recovery(run, begun.prepared, begun.variants) == (begun.variants, None)


def test_a_model_that_is_no_better_is_dropped(begun: Begun, monkeypatch: pytest.MonkeyPatch) -> None:
    gives(monkeypatch, begun)
    variants, record = with_recovery(begun.run, begun.prepared, begun.variants)
    assert record is not None
    assert not record.kept
    assert "better than the model made without training on 20 samples" in record.reason
    assert variants == begun.variants
    assert not begun.file.exists()
    assert (record.trained_on, record.chosen_on, record.judged_on) == (70, 10, 20)
    assert (record.epochs, record.best_epoch, record.losses) == (2, 1, TRAINED.losses)
    assert (record.folded, record.left_float, record.duration_s) == (2, ("n (Norm)",), 2.0)


def test_a_model_that_is_better_is_kept_after_int8(begun: Begun, monkeypatch: pytest.MonkeyPatch) -> None:
    gives(monkeypatch, begun)
    variants, record = with_recovery(begun.run, begun.prepared, worse(begun))
    assert record is not None
    assert record.kept, record.reason
    assert record.variant == LABEL
    assert [v.scheme for v in variants] == ["float32", "int8", LABEL]
    assert variants[2].status is Status.OK
    assert variants[2].calibrator == "squared_error"
    assert variants[2].corrections == (), "they would lead back to the trained model's own float answers"
    assert begun.run.settings.calibrator == "auto"
    assert begun.run.settings.corrections == ("auto",)
    assert begun.file.is_file()
    assert record.before is not None
    assert record.after is not None
    assert record.difference == pytest.approx(record.after.error - record.before.error)
    assert record.difference_interval[0] < record.difference < record.difference_interval[1] < 0


def test_a_failed_training_is_a_reason_and_no_error(begun: Begun, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise EvaluationError("training failed: it was planted")

    monkeypatch.setattr(recovering, "_trained", fail)
    begun.file.write_bytes(b"of an earlier run")
    variants, record = with_recovery(begun.run, begun.prepared, begun.variants)
    assert record is not None
    assert (record.kept, record.reason) == (False, "training failed: it was planted")
    assert variants == begun.variants
    assert not begun.file.exists()


def test_an_interruption_while_judging_leaves_no_file(begun: Begun, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        assert begun.file.is_file(), "it comes after building"
        raise KeyboardInterrupt

    gives(monkeypatch, begun)
    monkeypatch.setattr(recovering, "_compared", interrupt)
    with pytest.raises(KeyboardInterrupt):
        with_recovery(begun.run, begun.prepared, begun.variants)
    assert not begun.file.exists()


def test_no_epoch_that_helps_and_no_int8_are_reasons(begun: Begun, monkeypatch: pytest.MonkeyPatch) -> None:
    none = Made(trained=replace(TRAINED, best_epoch=0), conversion=None, duration_s=2.0)
    monkeypatch.setattr(recovering, "_trained", lambda *_: (none, None))
    _, record = with_recovery(begun.run, begun.prepared, begun.variants)
    assert record is not None
    assert record.reason == "no epoch lowered the loss on the 10 samples to choose by"
    failed = [begun.variants[0], replace(begun.variants[1], status=Status.FAILED, reason="it was planted")]
    _, record = with_recovery(begun.run, begun.prepared, failed)
    assert record is not None
    assert record.reason == "there is no int8 model to compare with: it was planted"
