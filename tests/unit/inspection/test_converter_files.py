"""Precision, islands and runtimes of what TensorFlow's own converter makes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import converter_models
import pytest

from litesmith.core.audit import Audit, Precision
from litesmith.core.isolated import Worker

EXPECTED = {
    "float32": Precision.FLOAT32,
    "float16": Precision.FLOAT16_WEIGHTS,
    "dynamic": Precision.DYNAMIC_RANGE,
    "int8": Precision.FULL_INT8,
    "int8_io": Precision.FULL_INT8,
    "int16x8": Precision.FULL_INT16,
    "int8_sine": Precision.MIXED,
}


@pytest.mark.tensorflow
def test_files_of_the_converter(tmp_path: Path, audited: Callable[..., Audit]) -> None:
    folder = str(Path(converter_models.__file__).parent)
    with Worker("the converter", environment={"PYTHONPATH": folder, "TF_CPP_MIN_LOG_LEVEL": "2"}) as worker:
        worker.call("converter_models:save_converted", folder=tmp_path, timeout_s=300)
    found = {name: audited(tmp_path / f"{name}.tflite") for name in EXPECTED}
    assert {name: made.precision for name, made in found.items()} == EXPECTED
    (island,) = found["int8_sine"].islands
    assert [(ref.op, ref.layer) for ref in island.ops] == [("SIN", "wave")]
    assert [name for name, made in found.items() if made.islands] == ["int8_sine"]
    layers = {share.name for share in found["int8"].by_layer}
    assert {"conv2d", "depthwise_conv2d", "wide"} <= layers
    stated = {name: [c.met for c in made.claims if c.text.startswith("min_runtime")] for name, made in found.items()}
    # The converter states TensorFlow 1.6 for 16-bit activations, whose kernels came with 2.3 and 2.4.
    assert stated == {name: [name != "int16x8"] for name in EXPECTED}
    asked = [c for c in found["int8_sine"].claims if c.text.startswith("full-int8 (converted")]
    assert [claim.met for claim in asked] == [False]
