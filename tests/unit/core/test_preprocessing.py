"""Presets give the numbers that the frameworks' own preprocessing gives."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from litesmith.core.errors import ConfigError, UnknownNameError
from litesmith.core.preprocessing import (
    PRESETS,
    ColorOrder,
    Layout,
    Preprocessing,
    from_mean_std,
    matches_channels,
    normalize,
    preset,
)

ALL_BYTES = np.arange(256, dtype=np.uint8)
MEAN, STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])


def test_raw_leaves_values_as_they_are() -> None:
    assert normalize(ALL_BYTES, PRESETS["raw"]).tolist() == list(range(256))


def test_unit_and_signed() -> None:
    np.testing.assert_allclose(normalize(ALL_BYTES, PRESETS["unit"]), ALL_BYTES / 255, rtol=1e-6)
    np.testing.assert_allclose(normalize(ALL_BYTES, PRESETS["signed"]), ALL_BYTES / 127.5 - 1, atol=1e-6)
    assert normalize(np.array([0, 255], np.uint8), PRESETS["unit"]).tolist() == [0.0, 1.0]


def test_torch_is_the_imagenet_mean_and_deviation_of_each_channel() -> None:
    pixels = np.repeat(ALL_BYTES[:, None], 3, axis=1)
    np.testing.assert_allclose(normalize(pixels, PRESETS["torch"]), (pixels / 255 - MEAN) / STD, atol=2e-6)
    assert PRESETS["torch"].color_order is ColorOrder.RGB


def test_caffe_takes_the_blue_mean_from_the_first_channel() -> None:
    pixel = np.array([[10, 20, 30]], np.uint8)
    np.testing.assert_allclose(
        normalize(pixel, PRESETS["caffe"]), [[10 - 103.939, 20 - 116.779, 30 - 123.68]], rtol=1e-6
    )
    assert PRESETS["caffe"].color_order is ColorOrder.BGR


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_bears_its_name_and_takes_float32(name: str) -> None:
    assert preset(name) is PRESETS[name]
    assert preset(name).preset == name
    assert normalize(np.zeros((2, 2, 3), np.uint8), preset(name)).dtype == np.float32


def test_unknown_preset_names_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="unknown preprocessing preset 'singed'") as caught:
        preset("singed")
    assert "Did you mean 'signed'?" in caught.value.hint


@pytest.mark.parametrize("name", PRESETS)
def test_channels_first_gives_the_same_values_moved(name: str) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (2, 4, 5, 3)).astype(np.uint8)
    record = replace(PRESETS[name], layout=Layout.CHW)
    last = normalize(pictures, PRESETS[name])
    np.testing.assert_array_equal(normalize(pictures.transpose(0, 3, 1, 2), record), last.transpose(0, 3, 1, 2))
    np.testing.assert_array_equal(normalize(pictures[0].transpose(2, 0, 1), record), last[0].transpose(2, 0, 1))


def test_channels_first_of_three_by_three_pictures() -> None:
    """Where height and width equal the channels, a wrong axis would still broadcast."""
    record = replace(PRESETS["caffe"], layout=Layout.CHW)
    values = normalize(np.zeros((1, 3, 3, 3), np.uint8), record)
    np.testing.assert_allclose(values[0, :, 2, 1], [-103.939, -116.779, -123.68], rtol=1e-6)


def test_the_samples_themselves_stay_as_they_are() -> None:
    values = np.array([1.0, 2.0], np.float32)
    assert normalize(values, PRESETS["signed"]) is not values
    assert values.tolist() == [1.0, 2.0]


def test_one_scale_and_three_offsets_may_stand_together() -> None:
    record = Preprocessing(preset="own", scale=(2.0,), offset=(1.0, 2.0, 3.0))
    assert normalize(np.ones((1, 3), np.uint8), record).tolist() == [[3.0, 4.0, 5.0]]
    assert matches_channels(record, 3)
    assert not matches_channels(record, 1)
    assert matches_channels(PRESETS["unit"], 7)


def test_mean_and_deviation() -> None:
    record = from_mean_std("own", mean=(10.0, 20.0), std=(2.0, 4.0), layout=Layout.CHW)
    assert (record.scale, record.offset, record.layout) == ((0.5, 0.25), (-5.0, -5.0), Layout.CHW)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"scale": (1.0, 1.0), "offset": (0.0, 0.0, 0.0)}, "scale has 2 values and offset 3"),
        ({"crop": 1.5}, "crop 1.5"),
        ({"crop": -0.1}, "crop -0.1"),
        ({"crop": float("nan")}, "crop nan"),
        ({"scale": (1.0, 0.0, 1.0), "offset": (0.0,)}, "scale of 0"),
    ],
)
def test_impossible_records(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        Preprocessing(preset="own", **fields)
    assert caught.value.hint
