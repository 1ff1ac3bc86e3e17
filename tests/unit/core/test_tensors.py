"""Between real values and the integers of a tensor."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from litesmith.core.errors import EvaluationError
from litesmith.core.tensors import TensorSpec, dequantize, quantize


def spec(dtype: str = "int8", scale: float = 1.0, zero_point: int = 0) -> TensorSpec:
    return TensorSpec(name="x", dtype=dtype, shape=(1, 4), scale=scale, zero_point=zero_point)


def floats(*values: float) -> npt.NDArray[np.float32]:
    return np.array(values, np.float32)


def test_halves_go_to_the_even_neighbour() -> None:
    assert quantize(floats(0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 2.4999, 2.5001), spec()).tolist() == [
        0, 2, 2, 0, -2, -2, 2, 3,
    ]  # fmt: skip


def test_halves_are_rounded_before_the_zero_point_is_added() -> None:
    assert quantize(floats(0.5, 1.5, 2.5), spec(zero_point=1)).tolist() == [1, 3, 3]


@pytest.mark.parametrize(("dtype", "limits"), [("int8", (-128, 127)), ("uint8", (0, 255)), ("int16", (-32768, 32767))])
def test_values_beyond_the_range_saturate(dtype: str, limits: tuple[int, int]) -> None:
    found = quantize(floats(-1e9, 1e9, -np.inf, np.inf), spec(dtype, scale=0.01))
    assert found.dtype == dtype
    assert found.tolist() == [*limits, *limits]


def test_scale_and_zero_point() -> None:
    assert quantize(floats(-63.5, 0, 1.26, 64), spec("uint8", scale=0.5, zero_point=127)).tolist() == [0, 127, 130, 255]
    assert dequantize(np.array([0, 127, 255], np.uint8), spec("uint8", scale=0.5, zero_point=127)).tolist() == [
        -63.5, 0.0, 64.0,
    ]  # fmt: skip


@pytest.mark.parametrize(("dtype", "zero_point"), [("int8", -128), ("int8", 5), ("uint8", 128), ("int16", 0)])
def test_every_integer_comes_back(dtype: str, zero_point: int) -> None:
    limits = np.iinfo(dtype)
    integers = np.arange(limits.min, limits.max + 1).astype(dtype)
    entry = spec(dtype, scale=0.0173, zero_point=zero_point)
    real = dequantize(integers, entry)
    assert real.dtype == np.float32
    np.testing.assert_array_equal(quantize(real, entry), integers)


def test_the_given_values_stay_as_they_are() -> None:
    values, stored = floats(0.4, 1.6), np.array([1, 2], np.int8)
    quantize(values, spec())
    dequantize(stored, spec(scale=0.5))
    assert values.tolist() == floats(0.4, 1.6).tolist()
    assert stored.tolist() == [1, 2]


def test_float_tensors_take_values_as_they_are() -> None:
    values = floats(0.3, -7)
    assert quantize(values, spec("float32", scale=0.0)) is values
    assert quantize(values, spec("float16", scale=0.0)).dtype == np.float16
    assert dequantize(np.array([3, 4], np.int64), spec("int64", scale=0.0)).tolist() == [3.0, 4.0]


def test_whole_numbers_for_an_integer_tensor_without_scale() -> None:
    assert quantize(floats(0, 7, 255), spec("uint8", scale=0.0)).tolist() == [0, 7, 255]


@pytest.mark.parametrize("value", [0.5, 256.0, -1.0, np.nan, np.inf, 1e20])
def test_anything_else_for_it_is_refused(value: Any) -> None:
    with pytest.raises(EvaluationError, match="input 'x' takes uint8 without a scale"):
        quantize(floats(1, value), spec("uint8", scale=0.0))


def test_sizes_of_a_spec() -> None:
    entry = TensorSpec(name="x", dtype="float32", shape=(-1, 8, -1, 3))
    assert (entry.sample_shape, entry.sample_size, entry.quantized) == ((8, -1, 3), 24, False)
    assert TensorSpec(name="x", dtype="int8", shape=(1,), scale=0.1).quantized
    assert TensorSpec(name="x", dtype="int8", shape=(1,)).sample_size == 1
