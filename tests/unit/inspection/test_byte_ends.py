"""An input that takes raw bytes says so to whoever fills the buffer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sample_sets import pictures, sample_set

from litesmith.core.graph import BYTE_INPUTS
from litesmith.core.preprocessing import PRESETS
from litesmith.core.tensors import TensorSpec
from litesmith.inspection.ends import inputs_of
from litesmith.runtime.editing import EditableModel
from litesmith.runtime.feeding import feeders
from litesmith.runtime.flatbuffer import read_graph


def test_the_audit_tells(int8: Path, tmp_path: Path) -> None:
    assert "raw bytes" not in inputs_of(read_graph(int8))[0].bytes
    model = EditableModel(int8)
    model.set_metadata(BYTE_INPUTS, "0:0.00784:128")
    model.save(tmp_path / "bytes.tflite")
    assert "takes raw bytes: the byte less 128" in inputs_of(read_graph(tmp_path / "bytes.tflite"))[0].bytes


@pytest.mark.parametrize(("dtype", "moved"), [("int8", 128), ("uint8", 0)])
def test_every_byte_reaches_the_model_as_it_is(dtype: str, moved: int, tmp_path: Path) -> None:
    """Whatever the preset: `signed` would make a tie of each."""
    values = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    samples = sample_set(tmp_path, values, record=PRESETS["signed"])
    spec = TensorSpec(
        name="x", dtype=dtype, shape=(1, 16, 16, 1), scale=1 / 127.5, zero_point=0, byte_scale=1 / 127.5, byte_zero=128
    )
    (feed,) = feeders(samples, [spec])
    assert np.array_equal(feed(values).astype(np.int64), values.astype(np.int64) - moved)


def test_its_float_twin_gets_what_the_bytes_stand_for(tmp_path: Path) -> None:
    values = pictures(1, size=4)
    samples = sample_set(tmp_path, values, record=PRESETS["signed"])
    spec = TensorSpec(name="x", dtype="float32", shape=(1, 4, 4, 3), byte_scale=0.25, byte_zero=100)
    (feed,) = feeders(samples, [spec])
    np.testing.assert_allclose(feed(values), (values.astype(np.float32) - 100) * 0.25)
