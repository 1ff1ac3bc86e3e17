from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sample_sets import pictures, sample_set

from litesmith.core.errors import UnknownNameError
from litesmith.core.isolated import Pool
from litesmith.core.results import RangeVerdict
from litesmith.core.samples import SampleSet
from litesmith.pipeline.calibration import calibrate, calibrator_names, load, require_calibrator, save
from litesmith.pipeline.float_model import Conversions, FloatModel
from litesmith.pipeline.run import Run
from litesmith.pipeline.settings import Settings
from litesmith.quantize.collect import collect

pytestmark = pytest.mark.slow


def test_statistics_survive_being_stored(cnn: Path, images: SampleSet, pool: Pool, tmp_path: Path) -> None:
    found = collect(cnn, images, pool=pool)
    save(found, tmp_path / "s.npz")
    again = load(tmp_path / "s.npz")
    assert list(again) == list(found)
    assert len(found) >= 6
    for name, tensor in found.items():
        other = again[name]
        assert len(other.halves) == len(tensor.halves) == 2
        for one, two in zip((other, *other.halves), (tensor, *tensor.halves), strict=True):
            for field in ("minimum", "maximum", "mean_minimum", "mean_maximum", "count", "samples"):
                assert getattr(one, field) == getattr(two, field)
            np.testing.assert_array_equal(one.bins, two.bins)
            np.testing.assert_array_equal(one.weights, two.weights)


def test_statistics_of_one_sample_have_no_halves(cnn: Path, pool: Pool, tmp_path: Path) -> None:
    save(collect(cnn, sample_set(tmp_path, pictures(1)), pool=pool), tmp_path / "s.npz")
    assert {len(tensor.halves) for tensor in load(tmp_path / "s.npz").values()} == {0}


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


def test_ranges_that_move_are_told(cnn: Path, tmp_path: Path) -> None:
    """Every second sample is dark: halves of the samples have seen different things."""
    values = pictures(40)
    values[1::2] //= 8
    samples = sample_set(tmp_path / "samples", values)
    with run_with(cnn, tmp_path / "run", "min_max") as run:
        made = calibrate(run, float_model(run), samples, findings=())
    settled = made.record.stability
    assert settled is not None
    assert settled.verdict is RangeVerdict.UNSTABLE
    assert settled.worst_tensor in made.statistics
    assert settled.tensors < len(made.statistics)  # the range of the byte input does not come from the samples
    assert [finding.code for finding in made.record.findings] == ["unstable-ranges"]


def test_samples_that_are_enough_are_no_finding(cnn: Path, tmp_path: Path) -> None:
    """Both halves have seen the same."""
    samples = sample_set(tmp_path / "samples", np.repeat(pictures(20), 2, axis=0))
    with run_with(cnn, tmp_path / "run", "percentile") as run:
        made = calibrate(run, float_model(run), samples, findings=())
    assert made.record.stability is not None
    assert made.record.stability.verdict is RangeVerdict.STABLE, made.record.stability.text
    assert made.record.findings == ()


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
