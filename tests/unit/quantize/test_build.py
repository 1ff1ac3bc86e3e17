"""Every scheme makes a model that runs and that answers like the float model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from sample_sets import pictures, sample_set
from tiny_tflite import write_cnn, write_unpreparable

from litesmith.core.errors import EvaluationError, LitesmithError, UnknownNameError
from litesmith.core.isolated import Pool
from litesmith.core.registry import plugin_names
from litesmith.core.samples import SampleSet
from litesmith.core.tensors import dequantize, quantize
from litesmith.quantize.activations import TensorStatistics
from litesmith.quantize.build import Built, scheme_named
from litesmith.quantize.calibrators.min_max import range_of
from litesmith.quantize.collect import collect, ranges_of
from litesmith.quantize.scheme import PACKAGE, Interface
from litesmith.runtime.interpreter import OpenModel

Found = dict[str, TensorStatistics]


def build(pool: Pool, model: Path, out: Path, scheme: str, found: Found | None, **more: Any) -> Built:
    """Build in a worker, as the pipeline does: the quantizer warns and prints."""
    bits = scheme_named(scheme).activation_bits
    ranges = ranges_of(found, range_of, bits=bits) if found is not None and bits else None
    job = {"float_model": model, "out": out, "scheme": scheme, "ranges": ranges, **more}
    built: Built = pool.map("litesmith.quantize.build:build", [job])[0]
    return built


def answers(model: Path, samples: SampleSet) -> npt.NDArray[np.float32]:
    opened = OpenModel(model)
    rows = []
    for arrays in samples.batches(0, samples.count):
        (found,) = opened.invoke([quantize(arrays[0], opened.inputs[0])])
        rows.append(dequantize(found, opened.outputs[0])[0])
    return np.array(rows)


def sqnr_db(real: npt.NDArray[np.float32], found: npt.NDArray[np.float32]) -> float:
    return float(10 * np.log10((real**2).sum() / max(((real - found) ** 2).sum(), 1e-12)))


LEAST_DB = {"float32": 100, "float16": 55, "weight_only_int8": 35, "dynamic_int8": 30, "dynamic_int4": 5, "int8": 25,
            "int8_per_tensor": 25, "int16x8": 35}  # fmt: skip


@pytest.mark.parametrize("scheme", plugin_names(PACKAGE))
def test_every_scheme_answers_like_the_float_model(
    scheme: str, cnn: Path, images: SampleSet, activations: Found, pool: Pool, tmp_path: Path
) -> None:
    out = tmp_path / f"{scheme}.tflite"
    built = build(pool, cnn, out, scheme, activations)
    assert built.size_bytes == out.stat().st_size
    opened = OpenModel(out)
    assert (built.inputs, built.outputs) == (opened.inputs, opened.outputs)
    assert built.float_ops == ()
    assert {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"} <= set(built.op_counts)
    assert sqnr_db(answers(cnn, images), answers(out, images)) > LEAST_DB[scheme]


def test_float32_is_the_float_file_itself(cnn: Path, pool: Pool, tmp_path: Path) -> None:
    build(pool, cnn, tmp_path / "same.tflite", "float32", None)
    assert (tmp_path / "same.tflite").read_bytes() == cnn.read_bytes()


def test_fewer_bits_make_smaller_files(pool: Pool, tmp_path: Path) -> None:
    model = write_cnn(tmp_path / "wide.tflite", channels=128)
    found = collect(model, sample_set(tmp_path / "samples", pictures(4)), pool=pool)
    sizes = {
        scheme: build(pool, model, tmp_path / f"{scheme}.out", scheme, found).size_bytes
        for scheme in ("float32", "float16", "dynamic_int8", "dynamic_int4", "int8")
    }
    assert sizes["dynamic_int4"] < sizes["dynamic_int8"]
    assert sizes["dynamic_int8"] < 0.9 * sizes["float16"]
    assert max(sizes["float16"], sizes["int8"]) < 0.65 * sizes["float32"]


@pytest.mark.parametrize("interface", Interface)
def test_interfaces_of_int8_differ_on_the_wire_only(
    interface: Interface, cnn: Path, int8: Path, images: SampleSet, activations: Found, pool: Pool, tmp_path: Path
) -> None:
    out = tmp_path / "variant.tflite"
    built = build(pool, cnn, out, "int8", activations, interface=interface)
    assert {s.dtype for s in (*built.inputs, *built.outputs)} == {interface.value}
    assert built.float_ops == ()
    np.testing.assert_array_equal(answers(out, images), answers(int8, images))


@pytest.mark.parametrize(
    ("interface", "dtype"), [(Interface.INT8, "int16"), (Interface.UINT8, "int16"), (Interface.FLOAT32, "float32")]
)
def test_int16_activations_keep_int16_or_float_interfaces(
    interface: Interface, dtype: str, cnn: Path, activations: Found, pool: Pool, tmp_path: Path
) -> None:
    built = build(pool, cnn, tmp_path / "v.tflite", "int16x8", activations, interface=interface)
    assert {s.dtype for s in (*built.inputs, *built.outputs)} == {dtype}


def test_operators_without_integer_kernel_are_named(sine: Path, images: SampleSet, pool: Pool, tmp_path: Path) -> None:
    found = collect(sine, images, pool=pool)
    built = build(pool, sine, tmp_path / "int8.tflite", "int8", found)
    assert built.float_ops == ("SIN (wave)",)
    assert built.inputs[0].dtype == "int8"
    assert build(pool, sine, tmp_path / "dynamic.tflite", "dynamic_int8", found).float_ops == ()


def test_an_unknown_scheme_names_the_nearest(cnn: Path, pool: Pool, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="unknown scheme 'in8'") as caught:
        scheme_named("in8")
    assert "Did you mean 'int8'?" in caught.value.hint
    with pytest.raises(UnknownNameError, match="in8"):
        pool.map("litesmith.quantize.build:build", [job(cnn, tmp_path / "x.tflite", "in8")])
    assert list(tmp_path.iterdir()) == []


def job(model: Path, out: Path, scheme: str) -> dict[str, Any]:
    return {"float_model": model, "out": out, "scheme": scheme, "ranges": None}


def test_a_calibrated_scheme_needs_ranges(cnn: Path, pool: Pool, tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="scheme int8 needs the ranges of a calibration") as caught:
        pool.map("litesmith.quantize.build:build", [job(cnn, tmp_path / "x.tflite", "int8")])
    assert "--calibrate" in caught.value.hint


@pytest.mark.parametrize("scheme", ["float32", "dynamic_int8"])
def test_what_the_runtime_cannot_prepare_is_not_written(scheme: str, pool: Pool, tmp_path: Path) -> None:
    odd, out = write_unpreparable(tmp_path / "odd.tflite"), tmp_path / "out" / "v.tflite"
    out.parent.mkdir()
    out.write_bytes(b"old")
    with pytest.raises(EvaluationError, match=r"cannot prepare it: |refuses the model: "):
        pool.map("litesmith.quantize.build:build", [job(odd, out, scheme)])
    assert out.read_bytes() == b"old"
    assert list(out.parent.iterdir()) == [out]


@pytest.mark.parametrize("scheme", ["float32", "dynamic_int8", "float16"])
def test_junk_is_an_error_of_ours(scheme: str, pool: Pool, tmp_path: Path) -> None:
    junk = tmp_path / "junk.tflite"
    junk.write_bytes(bytes(500))
    with pytest.raises(LitesmithError, match=r"junk|model") as caught:
        pool.map("litesmith.quantize.build:build", [job(junk, tmp_path / "v.tflite", scheme)])
    assert type(caught.value).__name__ in ("SourceError", "EvaluationError")
