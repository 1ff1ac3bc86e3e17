"""What the generated module feeds is what `runtime/feeding` feeds, for every type of input and raw value."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from bundled_models import imported, job_of, write_cast
from sample_sets import sample_set

from litesmith.bundle.feeding import feeds, line
from litesmith.bundle.python_module import python_module
from litesmith.core.errors import BundleError
from litesmith.core.graph import BYTE_INPUTS
from litesmith.core.preprocessing import PRESETS, Layout, Preprocessing, normalize
from litesmith.core.tensors import quantize
from litesmith.runtime.feeding import feeders
from litesmith.runtime.interpreter import OpenModel

SHAPE = (1, 16, 48, 3)
QUANTIZED = [
    ("float32", 0.0, 0),
    ("float16", 0.0, 0),
    ("uint8", 1 / 255, 0),
    ("int8", 1 / 255, -128),
    ("int8", 1 / 127.5, -1),
    ("uint8", 0.0079, 127),
    ("int8", 0.001, 3),
    ("int8", 2.5 / 255, -10),
    ("uint8", 1.0, 0),
    ("int8", 0.0186, -14),
    ("int16", 1 / 32767, 0),
    ("int16", 0.01, 5),
]
RECORDS = [
    *(PRESETS[name] for name in ("raw", "unit", "signed", "torch", "caffe")),
    Preprocessing(preset="odd", scale=(0.0123,), offset=(-0.7, 0.1, 0.3)),
]


def raw_values(shape: tuple[int, ...]) -> dict[str, npt.NDArray[Any]]:
    """Every byte, and numbers with ties, extremes and what lies out of range."""
    size = int(np.prod(shape))
    bytes_ = np.resize(np.arange(256, dtype=np.uint8), size).reshape(shape)
    random = np.random.default_rng(3)
    reals = random.normal(100, 200, size)
    reals[:4] = (0.0, -5e4, 5e4, 127.5)
    reals[4:300:7] = np.resize(np.arange(-9.5, 10.5), len(reals[4:300:7]))
    return {
        "uint8": bytes_,
        "strided": bytes_[:, :, ::-1],
        "float64": reals.reshape(shape),
        "float32": reals.astype(np.float32).reshape(shape),
        "int32": random.integers(-300, 300, shape, dtype=np.int32),
    }


def expected(folder: Path, path: Path, raw: npt.NDArray[Any], record: Preprocessing, normalized: bool = True) -> Any:
    """Return what the feeding of evaluation makes of one sample, and the answer of the runtime."""
    model = OpenModel(path)
    samples = sample_set(folder, raw[None], record=record, normalized=normalized)
    (feed,) = feeders(samples, model.inputs)
    fed = np.array(feed(samples.raw()))
    return fed, model.invoke([fed])[0]


@pytest.mark.parametrize("record", RECORDS, ids=lambda r: r.preset)
@pytest.mark.parametrize("kind", QUANTIZED, ids=lambda k: f"{k[0]}-{k[1]:.4g}-{k[2]}")
def test_inputs_and_answers_are_those_of_evaluation(
    tmp_path: Path, kind: tuple[str, float, int], record: Preprocessing
) -> None:
    path = write_cast(tmp_path / "cast.tflite", (kind[0], SHAPE, *kind[1:]))
    model = imported(job_of(path, record=record), tmp_path / "out").Model(threads=1)
    for name, raw in raw_values(SHAPE[1:]).items():
        fed, answer = expected(tmp_path / name, path, raw, record)
        (made,) = model.tensors(raw)
        assert (made.dtype, made.shape) == (fed.dtype, fed.shape)
        np.testing.assert_array_equal(made, fed)
        np.testing.assert_array_equal(model.tensors(raw[None])[0], fed)
        np.testing.assert_array_equal(model.invoke([made])[0], answer)
        np.testing.assert_array_equal(model.run(raw)[0], answer)


@pytest.mark.parametrize("scale", [0.0187, 0.02, 0.014])
@pytest.mark.parametrize("dtype", ["int8", "uint8"])
def test_a_line_by_channel_gives_what_rounding_gives(tmp_path: Path, dtype: str, scale: float) -> None:
    """For all 256 bytes of every channel, in range and, for the smallest scale, beyond it."""
    path = write_cast(tmp_path / "cast.tflite", (dtype, SHAPE, scale, -14 if dtype == "int8" else 114))
    job = job_of(path, record=PRESETS["torch"])
    (feed,) = feeds(job)
    assert isinstance(feed.factor, tuple)
    assert feed.limited is (scale == 0.014)
    raw = raw_values(SHAPE[1:])["uint8"]
    fed, _ = expected(tmp_path / "s", path, raw, PRESETS["torch"])
    module = imported(job, tmp_path / "out")
    module._quantize = None  # of the arithmetic that the line stands in for
    np.testing.assert_array_equal(module.Model().tensors(raw)[0], fed)


def test_no_line_where_halves_are_rounded_to_even() -> None:
    bytes_ = np.arange(256, dtype=np.uint8)
    assert line(np.rint(bytes_ / 2).astype(np.uint8)) is None
    assert line(np.full(256, 7, np.uint8)) == (0.0, 7.5, False)
    assert line(np.zeros(256, np.uint8)) is None


@pytest.mark.parametrize("layout", Layout)
def test_channels_first(tmp_path: Path, layout: Layout) -> None:
    shape = (1, 3, 9, 7) if layout is Layout.CHW else (1, 9, 7, 3)
    record = replace(PRESETS["torch"], layout=layout)
    path = write_cast(tmp_path / "cast.tflite", ("int8", shape, 0.02, 3))
    model = imported(job_of(path, record=record), tmp_path / "out").Model()
    raw = raw_values(shape[1:])["uint8"]
    np.testing.assert_array_equal(model.tensors(raw)[0], expected(tmp_path / "s", path, raw, record)[0])


@pytest.mark.parametrize("dtype", ["uint8", "int8", "float32"])
def test_inputs_that_take_bytes_as_they_are(tmp_path: Path, dtype: str) -> None:
    """Bytes go in as they are; values of other types are normalised and rounded."""
    scales = () if dtype == "float32" else (0.02, 5)
    path = write_cast(tmp_path / "b.tflite", (dtype, SHAPE, *scales), metadata={BYTE_INPUTS: b"0:0.0078125:128"})
    assert OpenModel(path).inputs[0].byte_fed
    model = imported(job_of(path, record=PRESETS["signed"]), tmp_path / "out").Model()
    for name, raw in raw_values(SHAPE[1:]).items():
        fed, _ = expected(tmp_path / name, path, raw, PRESETS["signed"])
        np.testing.assert_array_equal(model.tensors(raw)[0], fed)
    if dtype == "int8":
        np.testing.assert_array_equal(
            model.tensors(raw_values(SHAPE[1:])["uint8"])[0].view(np.uint8) ^ 128, raw_values(SHAPE[1:])["uint8"][None]
        )


@pytest.mark.parametrize("dtype", ["int32", "int64", "int16", "uint8", "bool"])
def test_plain_integers_are_fed_as_they_are(tmp_path: Path, dtype: str) -> None:
    path = write_cast(tmp_path / "cast.tflite", (dtype, (1, 6)))
    job = job_of(path, record=PRESETS["raw"], normalized=(False,))
    module = imported(job, tmp_path / "out")
    model = module.Model()
    raw = np.array([0, 1, 1, 0, 1, 1])
    np.testing.assert_array_equal(model.tensors(raw)[0], expected(tmp_path / "s", path, raw, PRESETS["raw"], False)[0])
    np.testing.assert_array_equal(model.tensors(raw.astype(np.float64))[0], raw[None])
    for bad in (raw + 0.5, raw - 1e30, np.full(6, np.nan)):
        with pytest.raises(module.ModelError, match=f"takes {dtype}, but a value is not whole or out of range"):
            model.tensors(bad)


def test_several_inputs_each_its_own_way(tmp_path: Path) -> None:
    """A picture is normalised, features beside it are not; a plain number has no batch."""
    shapes = [("int8", (1, 4, 4, 3), 1 / 127.5, -1), ("float32", (1, 5)), ("int32", (1, 2)), ("float32", ())]
    path = write_cast(tmp_path / "several.tflite", *shapes)
    job = job_of(path, record=PRESETS["signed"], normalized=(True, False, False, False))
    module = imported(job, tmp_path / "out")
    model = module.Model()
    raw = (raw_values((4, 4, 3))["uint8"], np.arange(5) / 3, np.array([7, -7]), np.float64(0.1))
    fed = model.tensors(*raw)
    assert [t.dtype.name for t in fed] == ["int8", "float32", "int32", "float32"]
    assert [t.shape for t in fed] == [(1, 4, 4, 3), (1, 5), (1, 2), ()]
    np.testing.assert_array_equal(
        fed[0], quantize(normalize(raw[0][None], PRESETS["signed"]), OpenModel(path).inputs[0])
    )
    np.testing.assert_array_equal(fed[1], raw[1][None].astype(np.float32))
    for made, answer in zip(fed, model.run(*raw), strict=True):
        np.testing.assert_array_equal(made, answer)
    assert set(model(*raw)) == {"y0", "y1", "y2", "y3"}
    with pytest.raises(module.ModelError, match="takes 4 inputs, not 1"):
        model.tensors(raw[0])
    with pytest.raises(module.ModelError, match=r"input 'x1' takes \[5\], not \[4\]"):
        model.tensors(raw[0], raw[1][:4], raw[2], raw[3])


@pytest.mark.parametrize("raw", ["float64", "int8"])
def test_features_beside_a_picture_are_rounded_where_the_input_is_quantized(tmp_path: Path, raw: str) -> None:
    """Real values are quantized; integers are what the model takes, already."""
    path = write_cast(tmp_path / "cast.tflite", ("int8", (1, 6), 0.5, 3))
    values = np.array([0.25, 0.75, -1.25, 100, -100, 2], raw)
    module = imported(job_of(path, record=PRESETS["unit"], normalized=(False,)), tmp_path / "out")
    model = module.Model()
    (made,) = model.tensors(values)
    np.testing.assert_array_equal(made, expected(tmp_path / "s", path, values, PRESETS["unit"], False)[0])
    assert made[0, :2].tolist() == ([3, 5] if raw == "float64" else [0, 0])
    with pytest.raises(module.ModelError, match="a value is not a number, and no int8 stands for that"):
        model.tensors(np.full(6, np.nan))


def test_a_dynamic_batch_is_one(tmp_path: Path) -> None:
    path = write_cast(tmp_path / "cast.tflite", ("float32", (-1, 6)))
    model = imported(job_of(path), tmp_path / "out").Model()
    assert model.tensors(np.zeros(6))[0].shape == (1, 6)
    assert model.run(np.full(6, 255.0))[0].tolist() == [[1.0] * 6]


@pytest.mark.parametrize(
    ("shape", "says"),
    [((-1, -1, 3), r"input 'x0' of shape \[-1, -1, 3\] takes any size"), ((4, 3), "takes batches of 4")],
)
def test_what_no_bundle_can_feed(tmp_path: Path, shape: tuple[int, ...], says: str) -> None:
    path = write_cast(tmp_path / "cast.tflite", ("float32", shape))
    with pytest.raises(BundleError, match=says) as caught:
        python_module(job_of(path))
    assert caught.value.hint


def test_whole_numbers_and_a_preprocessing_that_makes_fractions(tmp_path: Path) -> None:
    path = write_cast(tmp_path / "cast.tflite", ("uint8", SHAPE))
    with pytest.raises(BundleError, match="takes uint8 without a scale, preprocessing 'unit' makes fractions"):
        python_module(job_of(path, record=PRESETS["unit"]))
    assert (
        imported(job_of(path, record=PRESETS["raw"]), tmp_path / "out").Model().tensors(np.full(SHAPE, 7.0))[0].max()
        == 7
    )
