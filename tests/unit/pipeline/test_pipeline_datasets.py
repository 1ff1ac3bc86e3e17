from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from litesmith.core.errors import ConfigError, DatasetError, UnknownNameError
from litesmith.core.preprocessing import PRESETS, ColorOrder, Layout, Resize
from litesmith.core.tensors import TensorSpec
from litesmith.pipeline.datasets import Datasets, load, preprocessing_of, require
from litesmith.pipeline.run import Run
from litesmith.pipeline.settings import Settings

INPUTS = (TensorSpec(name="x", dtype="float32", shape=(1, 4)),)


@pytest.mark.parametrize("name", list(PRESETS))
def test_a_preset_alone_is_the_preset(name: str) -> None:
    assert preprocessing_of(Settings(preprocess=name)) == PRESETS[name]


def test_settings_go_over_the_preset() -> None:
    made = preprocessing_of(
        Settings(preprocess="signed", resize="box", crop=0.875, input_size=(24, 32), color="gray", layout="chw")
    )
    assert made == replace(
        PRESETS["signed"],
        resize=Resize.BOX,
        crop=0.875,
        height=24,
        width=32,
        color_order=ColorOrder.GRAY,
        layout=Layout.CHW,
    )


@pytest.mark.parametrize(
    ("settings", "scale", "offset"),
    [
        (Settings(mean=(127.5,), std=(127.5,)), (1 / 127.5,), (-1.0,)),
        (Settings(std=(255.0,)), (1 / 255,), (0.0,)),
        (Settings(mean=(10.0, 20.0, 30.0)), (1.0, 1.0, 1.0), (-10.0, -20.0, -30.0)),
        (Settings(preprocess="unit", mean=(1.0,), std=(2.0,)), (0.5,), (-0.5,)),
    ],
)
def test_mean_and_std_in_raw_units(settings: Settings, scale: tuple[float, ...], offset: tuple[float, ...]) -> None:
    made = preprocessing_of(settings)
    assert made.preset == "custom"
    assert made.scale == pytest.approx(scale)
    assert made.offset == pytest.approx(offset)


def test_mean_keeps_the_colour_order_of_the_preset() -> None:
    assert preprocessing_of(Settings(preprocess="caffe", mean=(1.0,))).color_order is ColorOrder.BGR


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (Settings(mean=(1.0, 2.0), std=(1.0,)), "--mean has 2 values and --std 1"),
        (Settings(std=(1.0, 0.0)), "--std holds a 0"),
        (Settings(crop=1.5), "crop 1.5 must lie in 0..1"),
    ],
)
def test_contradictions(settings: Settings, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        preprocessing_of(settings)


@pytest.mark.parametrize(
    ("settings", "message", "nearest"),
    [
        (Settings(preprocess="sigend"), "preprocessing preset 'sigend'", "signed"),
        (Settings(resize="bilinaer"), "resize method 'bilinaer'", "bilinear"),
        (Settings(color="rbg"), "colour order 'rbg'", "rgb"),
        (Settings(layout="nchw"), "layout 'nchw'", "chw"),
    ],
)
def test_unknown_names(settings: Settings, message: str, nearest: str) -> None:
    with pytest.raises(UnknownNameError, match=f"unknown {message}") as caught:
        preprocessing_of(settings)
    assert f"'{nearest}'" in caught.value.hint


def stored(path: Path, count: int, *, labels: bool = True, seed: int = 0) -> str:
    values = np.random.default_rng(seed).normal(size=(count, 4)).astype(np.float32)
    arrays = {"x": values, **({"y": np.arange(count) % 3} if labels else {})}
    np.savez(path, **arrays)
    return str(path)


def loaded(folder: Path, *, calibrated: bool = True, settings: Settings) -> Datasets:
    require(settings, calibrated=calibrated)
    with Run(replace(settings, jobs=1), folder=folder) as run:
        return load(run, inputs=INPUTS, classes=3, calibrated=calibrated)


def test_a_quarter_is_set_aside_and_never_evaluated(tmp_path: Path) -> None:
    data = stored(tmp_path / "d.npz", 42)
    made = loaded(tmp_path / "out", settings=Settings(data=data))
    assert made.evaluation is not None
    assert made.calibration is not None
    assert (made.evaluation.count, made.calibration.count) == (32, 10)
    assert set(made.evaluation.names).isdisjoint(made.calibration.names)
    assert {*made.evaluation.names, *made.calibration.names} == {f"row {i}" for i in range(42)}
    original = np.load(data)["x"]
    for part in (made.evaluation, made.calibration):
        rows = [int(name.split()[1]) for name in part.names]
        np.testing.assert_array_equal(part.raw(), original[rows])
        assert part.labels == tuple(row % 3 for row in rows)
    assert [s.role for s in made.summaries] == ["evaluation", "calibration"]
    assert [s.n for s in made.summaries] == [32, 10]
    assert any(f.code == "calibration-set-aside" for f in made.summaries[1].findings)
    assert made.evaluation.digest != made.calibration.digest


def test_the_split_depends_on_the_seed_alone(tmp_path: Path) -> None:
    data = stored(tmp_path / "d.npz", 40)

    def names(folder: str, seed: int) -> tuple[str, ...]:
        made = loaded(tmp_path / folder, settings=Settings(data=data, seed=seed))
        assert made.calibration is not None
        return made.calibration.names

    assert names("a", 0) == names("b", 0) == names("a", 0)
    assert names("a", 0) != names("a", 1)


def test_at_most_two_hundred_are_set_aside(tmp_path: Path) -> None:
    made = loaded(tmp_path / "out", settings=Settings(data=stored(tmp_path / "d.npz", 1000)))
    assert made.calibration is not None
    assert made.calibration.count == 200


def test_nothing_is_set_aside_when_nothing_is_calibrated(tmp_path: Path) -> None:
    made = loaded(tmp_path / "out", calibrated=False, settings=Settings(data=stored(tmp_path / "d.npz", 40)))
    assert made.evaluation is not None
    assert (made.evaluation.count, made.calibration) == (40, None)


def test_fewer_are_set_aside_when_fewer_are_asked_for(tmp_path: Path) -> None:
    data = stored(tmp_path / "d.npz", 100)
    made = loaded(tmp_path / "out", settings=Settings(data=data, calibration_samples=7))
    assert made.calibration is not None
    assert made.calibration.count == 7


def test_calibration_samples_of_their_own(tmp_path: Path) -> None:
    data, other = stored(tmp_path / "d.npz", 40), stored(tmp_path / "c.npz", 30, labels=False, seed=1)
    made = loaded(tmp_path / "out", settings=Settings(data=data, calibrate=other, calibration_samples=20, samples=25))
    assert made.evaluation is not None
    assert made.calibration is not None
    assert (made.evaluation.count, made.calibration.count) == (25, 20)
    assert made.summaries[1].source == other
    assert not made.summaries[1].labelled


def test_the_same_data_for_both_is_refused(tmp_path: Path) -> None:
    data = stored(tmp_path / "d.npz", 40)
    (tmp_path / "link.npz").symlink_to(data)
    for same in (data, str(tmp_path / "." / "x" / ".." / "d.npz"), str(tmp_path / "link.npz")):
        (tmp_path / "x").mkdir(exist_ok=True)
        with pytest.raises(DatasetError, match="no evidence"):
            loaded(tmp_path / "out", settings=Settings(data=data, calibrate=same))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (Settings(), "int8 and int16x8 need representative samples"),
        (Settings(data="tiny"), "has 3 samples, too few to set some aside"),
    ],
)
def test_no_samples_to_calibrate_on(settings: Settings, message: str, tmp_path: Path) -> None:
    if settings.data:
        settings = replace(settings, data=stored(tmp_path / "d.npz", 3))
    with pytest.raises(DatasetError, match=message):
        loaded(tmp_path / "out", settings=settings)


@pytest.mark.parametrize("calibrated", [True, False])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_samples_that_are_not_finite_are_refused(value: float, calibrated: bool, tmp_path: Path) -> None:
    values = np.ones((40, 4), np.float32)
    values[7, 2] = value
    np.savez(tmp_path / "d.npz", x=values)
    with pytest.raises(DatasetError, match=r"1 of 40 samples of .* hold NaN or infinity, the first is row 7"):
        loaded(tmp_path / "out", calibrated=calibrated, settings=Settings(data=str(tmp_path / "d.npz")))


def test_another_source_of_the_same_content_is_named_as_given(tmp_path: Path) -> None:
    first, second = stored(tmp_path / "d.npz", 40), str(tmp_path / "copy" / "d.npz")
    (tmp_path / "copy").mkdir()
    Path(second).write_bytes(Path(first).read_bytes())
    for source in (first, second):
        made = loaded(tmp_path / "out", calibrated=False, settings=Settings(data=source))
        assert made.summaries[0].source == source
