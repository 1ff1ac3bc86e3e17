from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from litesmith.core.errors import ConfigError, OutputError
from litesmith.pipeline.opening import require_valid
from litesmith.pipeline.run import Run
from litesmith.pipeline.settings import Settings


@pytest.mark.parametrize("name", ["jobs", "samples", "calibration_samples", "output", "seed", "threads", "runs"])
def test_counts_below_their_least_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=rf"--{name.replace('_', '-')} is -1; it must be at least [01]"):
        Run(replace(Settings(), **{name: -1}), folder=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_folder_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="cannot write"):
        Run(Settings(), folder=tmp_path / "file" / "out")


def test_a_stage_of_several_steps_is_cached_when_all_were(tmp_path: Path) -> None:
    with Run(Settings(jobs=1), folder=tmp_path) as run:
        run.note("a", 1.0, cached=True)
        run.note("b", 0.5, cached=True)
        run.note("a", 2.0, cached=False)
        run.note("a", 1.0, cached=True)
        assert [(s.stage, s.duration_s, s.cached) for s in run.stages] == [("a", 4.0, False), ("b", 0.5, True)]


def test_progress_of_a_stage_begins_at_zero_and_ends_full(tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    with Run(Settings(jobs=1), folder=tmp_path, progress=lambda *now: seen.append(now)) as run:
        with run.telling("work") as tell:
            tell(1, 3)
        with run.telling("other"):
            pass
    assert seen == [("work", 0, 0), ("work", 1, 3), ("work", 3, 3), ("other", 0, 0), ("other", 1, 1)]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": ""}, "no model was given"),
        ({"batch": 4}, "--batch is 4"),
        ({"schemes": ("in8",)}, "unknown scheme 'in8'"),
        ({"interface": "int4"}, "unknown interface 'int4'"),
        ({"calibrator": "entropie"}, "unknown calibrator 'entropie'"),
        ({"preprocess": "tf"}, "unknown preprocessing preset 'tf'"),
        ({"metric": "top2"}, "unknown metric 'top2'"),
        ({"target": ("pixel",)}, "unknown target 'pixel'"),
        ({"data": "gone.npz"}, "dataset 'gone.npz' does not exist"),
        ({"max_drop": 0.01}, "--max-drop limits the loss of accuracy, and there is no --data"),
        ({}, "int8 and int16x8 need representative samples"),
    ],
)
def test_names_are_checked_before_any_work(change: dict[str, object], message: str) -> None:
    with pytest.raises(Exception, match=message):
        require_valid(replace(Settings(model="m.tflite"), **change))


def test_float32_is_always_built_and_first() -> None:
    settings = Settings(model="m", schemes=("float16", "float32", "float16"))
    assert require_valid(settings) == ("float32", "float16")
