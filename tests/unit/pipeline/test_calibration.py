from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sample_sets import pictures, sample_set

from litesmith.core.errors import UnknownNameError
from litesmith.core.isolated import Pool
from litesmith.core.samples import SampleSet
from litesmith.pipeline.calibration import calibrate, calibrator_names, load, require_calibrator, save
from litesmith.pipeline.float_model import Conversions, FloatModel
from litesmith.pipeline.run import Run
from litesmith.pipeline.settings import Settings
from litesmith.quantize.collect import collect


def test_statistics_survive_being_stored(cnn: Path, images: SampleSet, pool: Pool, tmp_path: Path) -> None:
    found = collect(cnn, images, pool=pool)
    save(found, tmp_path / "s.npz")
    again = load(tmp_path / "s.npz")
    assert list(again) == list(found)
    assert len(found) >= 6
    for name, tensor in found.items():
        other = again[name]
        assert (other.minimum, other.maximum, other.count) == (tensor.minimum, tensor.maximum, tensor.count)
        np.testing.assert_array_equal(other.bins, tensor.bins)
        np.testing.assert_array_equal(other.weights, tensor.weights)


def test_calibrator_names() -> None:
    assert calibrator_names()[0] == "auto"
    assert {"min_max", "squared_error"} <= set(calibrator_names())
    require_calibrator("auto")
    with pytest.raises(UnknownNameError, match="unknown calibrator 'minmax'") as caught:
        require_calibrator("minmax")
    assert "'min_max'" in caught.value.hint


def float_model(run: Run) -> FloatModel:
    with Conversions(run) as conversions:
        return conversions.convert()


def run_with(model: Path, folder: Path, calibrator: str) -> Run:
    return Run(Settings(model=str(model), calibrator=calibrator, jobs=1), folder=folder)


def test_auto_keeps_the_calibrator_with_the_best_output(cnn: Path, images: SampleSet, tmp_path: Path) -> None:
    with run_with(cnn, tmp_path, "auto") as run:
        made = calibrate(run, float_model(run), images, findings=())
    trials = {trial.calibrator: trial for trial in made.record.trials}
    assert set(trials) == set(calibrator_names()) - {"auto"}
    assert made.record.calibrator == max(trials, key=lambda name: trials[name].sqnr_db)
    assert all(trial.sqnr_db > 5 and 0 <= (trial.agreement or 0) <= 1 for trial in trials.values())
    assert made.record.samples == images.count
    assert "best output SQNR" in made.record.reason


def test_a_named_calibrator_is_used_and_nothing_tried(cnn: Path, images: SampleSet, tmp_path: Path) -> None:
    with run_with(cnn, tmp_path, "min_max") as run:
        made = calibrate(run, float_model(run), images, findings=())
        stages = [stage.stage for stage in run.stages]
    assert (made.record.calibrator, made.record.trials) == ("min_max", ())
    assert stages == ["convert", "calibrate"]


def test_ranges_of_byte_inputs_follow_from_the_preprocessing(cnn: Path, images: SampleSet, tmp_path: Path) -> None:
    with run_with(cnn, tmp_path, "min_max") as run:
        made = calibrate(run, float_model(run), images, findings=())
    name = "serving_default_image:0"
    low, high = made.ranges(8)[name]
    assert low <= 0 <= high
    assert high - low == pytest.approx(1.0, rel=0.01)
    assert made.ranges(16)[name] == (0.0, pytest.approx(made.statistics[name].maximum))


def test_float_samples_leave_the_input_to_the_calibrator(cnn: Path, tmp_path: Path) -> None:
    values = pictures(20).astype(np.float32) / 500
    samples = sample_set(tmp_path / "samples", values)
    with run_with(cnn, tmp_path / "run", "min_max") as run:
        made = calibrate(run, float_model(run), samples, findings=())
    assert made.inputs == {}
