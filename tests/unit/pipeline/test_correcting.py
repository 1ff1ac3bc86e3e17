"""Corrections in a run: what is kept, what is dropped, and what a user is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from block_tflite import write_blocks
from sample_sets import pictures
from tiny_tflite import Drawing

from litesmith import api
from litesmith.core.errors import UnknownNameError
from litesmith.core.results import Status, Variant
from litesmith.pipeline.correction_plan import held_back, wanted_corrections
from litesmith.quantize.correction import correction_names
from litesmith.report.correction_lines import corrections_line
from litesmith.runtime.flatbuffer import read_graph


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_blocks(tmp_path_factory.mktemp("model") / "blocks.tflite", spread=30.0, relu6=True)


def samples(folder: Path, values: np.ndarray) -> str:
    np.savez(folder / "calibration.npz", x=values)
    return str(folder / "calibration.npz")


def int8(model: Path, folder: Path, values: np.ndarray, **settings: object) -> Variant:
    options = {"schemes": ["int8"], "preprocess": "unit", "jobs": 1, "out": folder / "out", **settings}
    made = api.quantize(model, calibrate=samples(folder, values), **options)
    return next(v for v in made.variants if v.scheme != "float32")


@pytest.mark.slow
def test_what_helps_is_kept_and_the_gain_is_told(model: Path, tmp_path: Path) -> None:
    variant = int8(model, tmp_path, pictures(64, size=12))
    trials = {trial.correction: trial for trial in variant.corrections}
    assert tuple(trials) == correction_names()
    assert trials["bias_correction"].kept or trials["learned_rounding"].kept
    for trial in trials.values():
        assert trial.samples in (0, 16)
        if trial.samples and trial.correction != "input_matching":
            gain, (low, high) = trial.gain_db, trial.gain_interval_db or (0, 0)
            assert gain is not None
            assert low <= gain <= high
            assert trial.kept == (gain > (high - low) / 2 / 1.96)
    assert "held-back calibration samples" in corrections_line(variant)
    assert read_graph(tmp_path / "out" / variant.file).main.float_ops() == []


@pytest.mark.slow
def test_none_leaves_the_plain_model(model: Path, tmp_path: Path) -> None:
    plain = int8(model, tmp_path, pictures(64, size=12), corrections="none", calibrator="min_max")
    assert plain.corrections == ()
    assert corrections_line(plain) == ""
    few = int8(model, tmp_path / "..", pictures(64, size=12), corrections="none", calibrator="min_max")
    assert few.sha256 == plain.sha256


@pytest.mark.parametrize("count", [1, 10, 15])
@pytest.mark.slow
def test_too_few_samples_are_said_and_the_plain_model_is_made(model: Path, count: int, tmp_path: Path) -> None:
    values = pictures(count, size=12)
    variant = int8(model, tmp_path, values, calibrator="min_max")
    assert {trial.reason for trial in variant.corrections} == {
        f"not tried: {count} calibration samples, at least 16 are needed"
    }
    assert "at least 16" in corrections_line(variant)
    plain = int8(model, tmp_path, values, corrections="none", calibrator="min_max", out=tmp_path / "plain")
    assert variant.sha256 == plain.sha256


@pytest.mark.parametrize("kind", ["zeros", "identical", "noise", "extremes"])
@pytest.mark.slow
def test_strange_samples_never_give_a_worse_model(model: Path, kind: str, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    values = {
        "zeros": np.zeros((24, 12, 12, 3), np.uint8),
        "identical": np.repeat(pictures(1, size=12), 24, axis=0),
        "noise": random.integers(0, 256, (24, 12, 12, 3), dtype=np.uint8),
        "extremes": (random.integers(0, 2, (24, 12, 12, 3)) * 255).astype(np.uint8),
    }[kind]
    variant = int8(model, tmp_path, values)
    assert variant.status is Status.OK
    for trial in variant.corrections:
        assert not trial.kept or trial.samples


@pytest.mark.slow
def test_some_corrections_alone(model: Path, tmp_path: Path) -> None:
    variant = int8(model, tmp_path, pictures(32, size=12), corrections=["learned_rounding", "input_matching"])
    assert [trial.correction for trial in variant.corrections] == ["input_matching", "learned_rounding"]


def test_a_misspelt_correction_is_an_error_with_the_nearest_name(model: Path, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="bias_corection") as caught:
        int8(model, tmp_path, pictures(20, size=12), corrections="bias_corection")
    assert "bias_correction" in caught.value.hint
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_model_without_weights_has_nothing_to_correct(tmp_path: Path) -> None:
    draw = Drawing()
    fed = draw.tensor("serving_default_image:0", (1, 6, 6, 3))
    axes = draw.constant("axes", np.array([1, 2], np.int32))
    pooled = draw.op("MEAN", [fed, axes], "pooled", (1, 3), keepDims=False)
    scores = draw.op("SOFTMAX", [pooled], "StatefulPartitionedCall:0", (1, 3), beta=1.0)
    model = draw.save(tmp_path / "bare.tflite", {"image": fed}, {"scores": scores})
    variant = int8(model, tmp_path, pictures(24, size=6))
    assert variant.status is Status.OK
    assert not any(trial.kept for trial in variant.corrections)


@pytest.mark.parametrize(("interface", "dtype", "zero"), [("int8", "int8", -128), ("uint8", "uint8", 0)])
@pytest.mark.slow
def test_bytes_become_the_input_as_they_are(model: Path, interface: str, dtype: str, zero: int, tmp_path: Path) -> None:
    variant = int8(model, tmp_path, pictures(32, size=12), corrections="input_matching", interface=interface)
    assert variant.corrections[0].kept
    (entry,) = variant.inputs
    assert (entry.dtype, entry.byte_fed, entry.zero_point) == (dtype, True, zero)
    assert entry.byte_scale == pytest.approx(1 / 255)


@pytest.mark.slow
def test_a_float_interface_takes_no_bytes(model: Path, tmp_path: Path) -> None:
    variant = int8(model, tmp_path, pictures(32, size=12), corrections="input_matching", interface="float32")
    assert "inputs stay float" in variant.corrections[0].reason
    assert not variant.inputs[0].byte_fed


@pytest.mark.slow
def test_4_bit_weights_gain_most(model: Path, tmp_path: Path) -> None:
    values = pictures(64, size=12)
    variant = int8(model, tmp_path, values, schemes=["int8", "dynamic_int4"])
    del variant
    made = api.quantize(
        model,
        calibrate=samples(tmp_path, values),
        schemes=["int8", "dynamic_int4"],
        preprocess="unit",
        jobs=1,
        out=tmp_path / "out",
    )
    four = next(v for v in made.variants if v.scheme == "dynamic_int4")
    assert {trial.correction for trial in four.corrections} == {"learned_rounding", "bias_correction"}
    assert any(trial.kept and (trial.gain_db or 0) > 1 for trial in four.corrections)


@pytest.mark.slow
def test_a_second_run_tries_nothing_again(model: Path, tmp_path: Path) -> None:
    first = int8(model, tmp_path, pictures(32, size=12))
    told: list[str] = []
    second = int8(model, tmp_path, pictures(32, size=12), progress=lambda stage, done, total: told.append(stage))
    assert second == first
    assert not any(stage.startswith("correct") for stage in told)


def test_held_back_samples_are_apart_and_follow_the_seed() -> None:
    held, fit = held_back(400, seed=3)
    assert len(held) == 100
    assert sorted([*held, *fit]) == list(range(400))
    assert held_back(400, seed=3) == (held, fit)
    assert held_back(400, seed=4)[0] != held
    assert len(held_back(16, seed=0)[0]) == 4


def test_names_are_taken_in_the_order_they_act() -> None:
    assert wanted_corrections(("bias_correction", "input_matching")) == ("input_matching", "bias_correction")
    assert wanted_corrections(("none",)) == ()
    assert wanted_corrections(("auto",)) == correction_names()
