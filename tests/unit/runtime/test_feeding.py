"""The fast ways from a stored sample to an input give what normalising and quantizing give."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sample_sets import pictures, sample_set

from litesmith.core.errors import DatasetError
from litesmith.core.preprocessing import PRESETS, Layout, Preprocessing, normalize
from litesmith.core.samples import SampleSet
from litesmith.core.tensors import TensorSpec, quantize
from litesmith.quantize.input_range import byte_range
from litesmith.runtime.feeding import feeder, feeders, match, steps

ALL_BYTES = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
EQUAL = TensorSpec(name="image", dtype="uint8", shape=(1, 16, 16, 1), scale=1 / 255, zero_point=0)
MOVED = replace(EQUAL, dtype="int8", zero_point=-128)
PLAIN = [
    EQUAL,
    MOVED,
    replace(EQUAL, scale=0.007843138, zero_point=128),
    replace(MOVED, scale=0.0078125, zero_point=-1),
    replace(MOVED, scale=0.001, zero_point=3),
    replace(MOVED, scale=2.5 / 255, zero_point=-10),
    replace(MOVED, dtype="int16", scale=1 / 32767, zero_point=0),
    replace(EQUAL, dtype="float32", scale=0.0),
]


def samples_of(folder: Path, record: Preprocessing) -> SampleSet:
    return sample_set(folder, ALL_BYTES, record=record)


@pytest.mark.parametrize("spec", PLAIN, ids=lambda s: f"{s.dtype}-{s.scale:.4g}-{s.zero_point}")
@pytest.mark.parametrize("record", [PRESETS["raw"], PRESETS["unit"], PRESETS["signed"]], ids=lambda r: r.preset)
def test_every_byte_is_fed_as_normalising_and_quantizing_give_it(
    tmp_path: Path, record: Preprocessing, spec: TensorSpec
) -> None:
    samples = samples_of(tmp_path, record)
    fed = feeder(samples, samples.inputs[0], spec)(samples.raw()[:1])
    assert (fed.dtype, fed.shape) == (np.dtype(spec.dtype), ALL_BYTES.shape)
    np.testing.assert_array_equal(fed, quantize(normalize(ALL_BYTES, record), spec))


def test_bytes_that_fit_are_fed_unchanged_or_with_the_sign_bit_turned(tmp_path: Path) -> None:
    samples = samples_of(tmp_path, PRESETS["unit"])
    same = feeder(samples, samples.inputs[0], EQUAL)(ALL_BYTES)
    moved = feeder(samples, samples.inputs[0], MOVED)(ALL_BYTES)
    np.testing.assert_array_equal(same, ALL_BYTES)
    np.testing.assert_array_equal(moved, (ALL_BYTES.astype(int) - 128))


@pytest.mark.parametrize("layout", Layout)
@pytest.mark.parametrize("name", ["torch", "caffe"])
def test_per_channel_values(tmp_path: Path, name: str, layout: Layout) -> None:
    record = replace(PRESETS[name], layout=layout)
    raw = pictures(2, size=3)
    samples = sample_set(tmp_path, raw, record=record)
    spec = replace(MOVED, scale=0.02, zero_point=-8, shape=(1, 3, 3, 3))
    fed = feeder(samples, samples.inputs[0], spec)(samples.raw()[1:2])
    np.testing.assert_array_equal(fed, quantize(normalize(raw[1:2], record), spec))


def test_stored_rows_are_left_alone(tmp_path: Path) -> None:
    samples = samples_of(tmp_path, PRESETS["signed"])
    row = ALL_BYTES.copy()
    for spec in PLAIN:
        feeder(samples, samples.inputs[0], spec)(row)
    np.testing.assert_array_equal(row, ALL_BYTES)


def test_inputs_without_normalisation_take_the_models_type(tmp_path: Path) -> None:
    samples = sample_set(tmp_path, np.array([[1, 2]], np.int64), record=PRESETS["signed"], normalized=False)
    spec = TensorSpec(name="ids", dtype="int32", shape=(1, 2))
    fed = feeder(samples, samples.inputs[0], spec)(samples.raw())
    assert (fed.dtype, fed.tolist()) == (np.int32, [[1, 2]])


def test_samples_are_matched_to_inputs_by_name(tmp_path: Path) -> None:
    stored = {"right": np.full((2, 3), 3.0, np.float32), "left": np.full((2, 4), 4.0, np.float32)}
    samples = sample_set(tmp_path, stored, record=PRESETS["raw"])
    specs = [
        TensorSpec(name="left", dtype="float32", shape=(1, 4)),
        TensorSpec(name="right", dtype="float32", shape=(1, 3)),
    ]
    assert match(samples, specs) == [1, 0]
    fed = [feed(samples.raw(p)[:1]) for feed, p in zip(feeders(samples, specs), match(samples, specs), strict=True)]
    assert [value.tolist() for value in fed] == [[[4.0] * 4], [[3.0] * 3]]


def test_the_only_samples_go_to_the_only_input_whatever_their_name(tmp_path: Path) -> None:
    samples = sample_set(tmp_path, {"x": ALL_BYTES})
    assert match(samples, [EQUAL]) == [0]


def test_an_input_without_samples_is_named(tmp_path: Path) -> None:
    samples = sample_set(tmp_path, {"left": np.zeros((1, 4)), "wrong": np.zeros((1, 3))})
    specs = [replace(EQUAL, name="left"), replace(EQUAL, name="right")]
    with pytest.raises(DatasetError, match="no samples for input right; the dataset has left, wrong"):
        match(samples, specs)


def test_any_scale_and_zero_point_feed_every_byte_exactly(tmp_path: Path) -> None:
    """By additions where a few do it, else by a table."""
    random, stored = np.random.default_rng(4), samples_of(tmp_path, PRESETS["raw"])
    by_addition = 0
    for _ in range(300):
        record = Preprocessing(
            preset="own", scale=(float(random.uniform(0.2, 2)) / 255,), offset=(float(random.uniform(-1.2, 0.3)),)
        )
        near = float(random.choice([1.0, 1.004, 0.99, random.uniform(0.3, 2)]))
        scale = record.scale[0] * near
        natural = round(-128 - record.offset[0] / scale) + int(random.integers(-1, 2))
        spec = replace(MOVED, scale=scale, zero_point=min(127, max(-128, natural)))
        samples = replace(stored, preprocessing=record)
        wanted = quantize(normalize(ALL_BYTES, record), spec)
        np.testing.assert_array_equal(feeder(samples, samples.inputs[0], spec)(ALL_BYTES), wanted)
        by_addition += steps(wanted.view(np.uint8).reshape(-1)) is not None
    assert 10 < by_addition < 290


def test_steps_give_the_table() -> None:
    levels = np.arange(256)
    table = (levels + 7 - 2 * (levels > 10) + (levels > 200)).astype(np.uint8)
    found = steps(table)
    assert found is not None
    first, rises = found
    given = levels + int(first) + sum(int(rise) * (levels > int(last)) for last, rise in rises)
    np.testing.assert_array_equal(given % 256, table)
    assert len(rises) == 2
    assert steps((levels // 2).astype(np.uint8)) is None


@pytest.mark.parametrize("spec", PLAIN, ids=lambda s: f"{s.dtype}-{s.scale:.4g}-{s.zero_point}")
def test_one_sample_after_another_and_of_another_size(tmp_path: Path, spec: TensorSpec) -> None:
    """Arrays are used again; nothing of the sample before may stay."""
    record = PRESETS["signed"]
    samples = samples_of(tmp_path, record)
    feed = feeder(samples, samples.inputs[0], spec)
    for raw in (ALL_BYTES, ALL_BYTES[:, ::-1].copy(), ALL_BYTES[:, :4].copy(), ALL_BYTES):
        np.testing.assert_array_equal(feed(raw), quantize(normalize(raw, record), spec))


@pytest.mark.parametrize("dtype", ["float32", "float64", "int16", "uint8"])
def test_values_of_any_type_for_a_float_model(tmp_path: Path, dtype: str) -> None:
    raw = np.random.default_rng(0).uniform(0, 200, (2, 5)).astype(dtype)
    samples = sample_set(tmp_path, raw, record=PRESETS["signed"])
    fed = feeder(samples, samples.inputs[0], PLAIN[-1])(samples.raw()[1:])
    assert fed.dtype == np.float32
    np.testing.assert_array_equal(fed, normalize(raw[1:], PRESETS["signed"]))


def test_the_range_of_the_signed_preset_is_computed_by_additions() -> None:
    low, high = byte_range(PRESETS["signed"])
    scale = (high - low) / 255
    table = quantize(normalize(ALL_BYTES, PRESETS["signed"]), replace(MOVED, scale=scale, zero_point=0))
    assert steps(table.view(np.uint8).reshape(-1)) is not None


def test_real_features_beside_an_image_are_quantized_and_integers_are_not(tmp_path: Path) -> None:
    """No preprocessing applies to them, but the input's scale does."""
    spec = TensorSpec(name="features", dtype="int8", shape=(1, 3), scale=0.5, zero_point=3)
    for dtype, expected in (("float64", [4, 3, 127]), ("int8", [0, 0, 100])):
        samples = sample_set(tmp_path / dtype, np.array([[0.5, 0.2, 100]], dtype), normalized=False)
        assert feeder(samples, samples.inputs[0], spec)(samples.raw()).tolist() == [expected]
