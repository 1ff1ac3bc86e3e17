from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from litesmith.core.preprocessing import PRESETS, Layout, Preprocessing, from_mean_std
from litesmith.core.results import Finding, Severity
from litesmith.core.samples import SampleInput, SampleSet
from litesmith.core.tensors import TensorSpec
from litesmith.data.check import check_representative

Array = npt.NDArray[Any]
RNG = np.random.default_rng(0)
Check = Callable[..., dict[str, Finding]]


def scenes(count: int, shape: tuple[int, int, int] = (16, 16, 3)) -> npt.NDArray[np.uint8]:
    """Smooth random surfaces with a little grain, as photos have."""
    height, width, channels = shape
    coarse = RNG.integers(0, 256, (count, height // 4 + 2, width // 4 + 2, channels)).astype(np.float32)
    fine = np.repeat(np.repeat(coarse, 4, 1), 4, 2)
    smooth = (fine[:, :-4, :-4] + fine[:, 2:-2, 2:-2] + fine[:, 4:, 4:])[:, :height, :width] / 3
    grain = RNG.normal(0, 6, smooth.shape)
    return np.clip(smooth + grain, 0, 255).astype(np.uint8)


@pytest.fixture
def check(tmp_path: Path) -> Check:
    def run(
        *arrays: Array,
        record: Preprocessing = PRESETS["raw"],
        labels: Sequence[int] | None = None,
        dtype: str = "float32",
        classes: int | None = None,
    ) -> dict[str, Finding]:
        entries, specs = [], []
        for position, array in enumerate(arrays):
            path = tmp_path / f"{position}.npy"
            np.save(path, array)
            name = f"in{position}" if len(arrays) > 1 else ""
            entries.append(
                SampleInput(
                    name=name,
                    path=path,
                    shape=array.shape[1:],
                    dtype=array.dtype.name,
                    normalized=dtype == "float32",
                )
            )
            specs.append(TensorSpec(name=name or "image", dtype=dtype, shape=(1, *array.shape[1:])))
        samples = SampleSet(
            kind="npz",
            source="d.npz",
            digest="",
            inputs=tuple(entries),
            labels=tuple(labels) if labels is not None else None,
            names=tuple(f"row {i}" for i in range(len(arrays[0]))),
            preprocessing=record,
            image=False,
        )
        found = check_representative(samples, specs=specs, classes=classes)
        assert len({finding.code for finding in found}) == len(found)
        assert all(finding.hint and finding.message for finding in found)
        return {finding.code: finding for finding in found}

    return run


def test_good_sets_are_silent(check: Check) -> None:
    labels = RNG.permutation(np.arange(120) % 10).tolist()
    images = scenes(120)
    assert not check(images, record=PRESETS["signed"], labels=labels)
    assert not check(images, record=PRESETS["torch"])
    assert not check(images, record=PRESETS["caffe"])
    assert not check(images.astype(np.float32), record=PRESETS["unit"])
    assert not check(images.astype(np.float32) / 255)
    assert not check(np.ascontiguousarray(images[..., :1]))
    assert not check(np.ascontiguousarray(images[..., 0]))
    assert not check(RNG.standard_normal((120, 40)).astype(np.float32))
    assert not check(RNG.standard_normal((120, 1000, 1)).astype(np.float32))


@pytest.mark.parametrize(
    ("count", "code", "severity"),
    [
        (9, "few-samples", Severity.WARNING),
        (10, "few-samples", Severity.INFO),
        (99, "few-samples", Severity.INFO),
        (100, "", None),
        (500, "", None),
        (501, "many-samples", Severity.INFO),
    ],
)
def test_count(check: Check, count: int, code: str, severity: Severity | None) -> None:
    found = check(RNG.random((count, 30), np.float32))
    assert list(found) == ([code] if code else [])
    if code:
        assert found[code].severity is severity
        assert str(count) in found[code].message


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_not_finite(check: Check, value: float) -> None:
    x = scenes(100).astype(np.float32)
    x[[17, 40], 3, 3, 0] = value
    found = check(x, record=PRESETS["signed"])
    assert list(found) == ["non-finite"]
    assert found["non-finite"].severity is Severity.ERROR
    assert found["non-finite"].sample == "row 17"
    assert "2 of 100" in found["non-finite"].message


def test_constant_samples(check: Check) -> None:
    x = scenes(100)
    x[5], x[6] = 0, 255
    found = check(x)
    assert list(found) == ["constant-sample"]
    assert found["constant-sample"].sample == "row 5"
    assert not check(np.arange(100, dtype=np.float32)[:, None] * np.ones((1, 2), np.float32))


def test_repeats(check: Check) -> None:
    x = scenes(100)
    x[50] = x[3]
    assert check(x)["repeated-samples"].severity is Severity.INFO
    assert check(x)["repeated-samples"].sample == "row 50"
    x[50:80] = x[3]
    assert check(x)["repeated-samples"].severity is Severity.WARNING
    assert list(check(np.repeat(x[:1], 100, 0))) == ["identical-samples"]


def test_repeats_count_over_all_inputs(check: Check) -> None:
    same = np.repeat(scenes(1), 100, 0)
    assert not check(same, RNG.random((100, 20), np.float32))
    assert "identical-samples" in check(same, np.tile(RNG.random((1, 20), np.float32), (100, 1)))


@pytest.mark.parametrize("shape", [(28, 28, 1), (32, 32, 3), (49, 10, 1), (28, 28)])
@pytest.mark.parametrize("kind", ["bytes", "uniform", "normal"])
def test_noise(check: Check, shape: tuple[int, ...], kind: str) -> None:
    noise: Array = RNG.integers(0, 256, (100, *shape), dtype=np.uint8)
    if kind == "uniform":
        noise = RNG.random((100, *shape), np.float32)
    elif kind == "normal":
        noise = RNG.standard_normal((100, *shape)).astype(np.float32)
    found = check(noise)
    if len(shape) == 2 and kind != "bytes":
        assert not found  # may be a series in time: it cannot be told
        return
    assert list(found) == ["noise-calibration"]
    assert "calibrated on noise" in found["noise-calibration"].message


def test_one_noise_sample_is_named(check: Check) -> None:
    x = scenes(100, (32, 32, 3))
    x[42] = RNG.integers(0, 256, (32, 32, 3))
    found = check(x)
    assert list(found) == ["noise-sample"]
    assert found["noise-sample"].sample == "row 42"
    planar = Preprocessing(preset="raw", layout=Layout.CHW)
    assert list(check(x.transpose(0, 3, 1, 2), record=planar)) == ["noise-sample"]


@pytest.mark.parametrize("preset", ["unit", "signed", "torch", "caffe"])
@pytest.mark.parametrize("low", [0, -1])
def test_already_scaled(check: Check, preset: str, low: int) -> None:
    x = scenes(100).astype(np.float32) / 255
    found = check(x * (1 - low) + low, record=PRESETS[preset])
    assert list(found) == ["already-scaled"]
    assert f"'{preset}' expects 0..255" in found["already-scaled"].message
    assert "raw" in found["already-scaled"].hint


def test_already_scaled_by_unit_names_what_is_fed(check: Check) -> None:
    x = scenes(100).astype(np.float32)
    message = check(x / x.max(), record=PRESETS["unit"])["already-scaled"].message
    assert "0..0.003922" in message


def test_outside_of_what_the_preset_expects(check: Check) -> None:
    x = scenes(100).astype(np.float32)
    assert list(check(x * 4, record=PRESETS["unit"])) == ["outside-preset-range"]
    assert list(check(x - 128, record=PRESETS["signed"])) == ["outside-preset-range"]
    own = from_mean_std("custom", mean=(0.1,), std=(2.0,))
    assert not check(x / 255, record=own)
    assert list(check(x / 255, record=from_mean_std("custom", mean=(120.0,), std=(60.0,)))) == ["already-scaled"]


def test_coverage(check: Check) -> None:
    x = RNG.random((100, 30), np.float32)
    assert "class 3 only" in check(x, labels=[3] * 100)["few-classes"].message
    narrow = check(x, labels=[0, 9] * 50)["few-classes"]
    assert "2 of 10 classes" in narrow.message
    assert not check(x, labels=[0, 1] * 50)
    assert "2 of 10 classes" in check(x, labels=[0, 1] * 50, classes=10)["few-classes"].message
    assert not check(x, labels=list(range(100)), classes=1000)
    assert not check(x, labels=np.repeat(np.arange(10), 10).tolist())


def test_sorted_and_cut_off(check: Check) -> None:
    x = RNG.random((103, 30), np.float32)
    labels = np.arange(103) // 20
    found = check(x, labels=labels.tolist())
    assert list(found) == ["cut-off-order"]
    assert "class 5, has 3 where others have 20" in found["cut-off-order"].message
    assert not check(x, labels=labels.tolist(), classes=6)
    assert not check(x, labels=RNG.permutation(labels).tolist())
    assert "cut off" in check(x, labels=labels.tolist(), classes=100)["few-classes"].message


def test_token_ids(check: Check) -> None:
    tokens = RNG.integers(0, 30000, (100, 32)).astype(np.int64)
    tokens[3] = 0
    assert not check(tokens, dtype="int32", record=PRESETS["unit"])
    found = check(tokens.astype(np.float32), dtype="int32")
    assert found["dtype-mismatch"].severity is Severity.ERROR


def test_empty_samples(check: Check) -> None:
    assert "identical-samples" in check(np.zeros((100, 0), np.float32))


@pytest.mark.bench_data
@pytest.mark.parametrize(
    ("source", "shape", "preset"),
    [
        ("imagenet_val_400", (224, 224, 3), "signed"),
        ("imagenet_calib_400", (224, 224, 3), "signed"),
        ("cifar10/calib_500.npz", (32, 32, 3), "raw"),
        ("cifar10/calib_500.npz", (32, 32, 3), "torch"),
        ("keywords/calib_100.npz", (49, 10, 1), "raw"),
        ("keywords/test_400.npz", (49, 10, 1), "raw"),
    ],
)
def test_real_data_gives_no_finding(
    bench_data: Path,
    prepared: Callable[..., SampleSet],
    spec: Callable[..., TensorSpec],
    source: str,
    shape: tuple[int, ...],
    preset: str,
) -> None:
    samples = prepared(bench_data / source, inputs=[spec(*shape)], record=PRESETS[preset])
    assert samples.findings == ()
    assert check_representative(samples, specs=[spec(*shape)]) == ()
