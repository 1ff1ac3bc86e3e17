"""The precision of a model as a whole, for everything the schemes make and for older files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from spelled_tflite import Spelled, write_spelled

from litesmith.core.audit import Precision
from litesmith.inspection.precision import precision_of
from litesmith.runtime.flatbuffer import read_graph


@pytest.mark.parametrize(
    ("variant", "precision"),
    [
        ("plain float32", Precision.FLOAT32),
        ("plain float16", Precision.FLOAT16_WEIGHTS),
        ("plain weight_only_int8", Precision.WEIGHT_ONLY),
        ("plain dynamic_int8", Precision.DYNAMIC_RANGE),
        ("plain dynamic_int4", Precision.DYNAMIC_RANGE),
        ("plain int8 int8", Precision.FULL_INT8),
        ("plain int8 float32", Precision.FULL_INT8),
        ("plain int8 uint8", Precision.FULL_INT8),
        ("plain int16x8", Precision.FULL_INT16),
        ("sine float16", Precision.FLOAT16_WEIGHTS),
        ("sine dynamic_int8", Precision.DYNAMIC_RANGE),
        ("sine int8 int8", Precision.MIXED),
        ("sine int8 float32", Precision.MIXED),
        ("sine int16x8", Precision.MIXED),
    ],
)
def test_schemes(variant: str, precision: Precision, variants: dict[str, Path]) -> None:
    assert precision_of(read_graph(variants[variant])) is precision


def test_old_uint8_models_are_full_integer(tmp_path: Path) -> None:
    tensors = {"x": ("uint8", (1, 4), 0.5, 128), "y": ("uint8", (1, 4), 0.5, 128)}
    path = write_spelled(tmp_path / "old.tflite", [Spelled(tensors, [("ADD", 1, ["x", "x"], ["y"])], ["x"], ["y"])])
    assert precision_of(read_graph(path)) is Precision.FULL_INT8


def test_uint8_pictures_for_a_float_model_leave_it_a_float_model(tmp_path: Path) -> None:
    tensors = {"x": ("uint8", (1, 4), 0.5, 128), "r": ("float32", (1, 4)), "y": ("float32", (1, 4))}
    ops = [("DEQUANTIZE", 1, ["x"], ["r"]), ("ADD", 1, ["r", "r"], ["y"])]
    path = write_spelled(tmp_path / "fed.tflite", [Spelled(tensors, ops, ["x"], ["y"])])
    assert precision_of(read_graph(path)) is Precision.FLOAT32


def test_indices_alone_are_no_arithmetic(tmp_path: Path) -> None:
    tensors = {"x": ("int32", (4,)), "y": ("int32", (4,))}
    path = write_spelled(tmp_path / "ids.tflite", [Spelled(tensors, [("ADD", 1, ["x", "x"], ["y"])], ["x"], ["y"])])
    assert precision_of(read_graph(path)) is Precision.OTHER


def test_a_quantized_table_that_is_gathered_from_is_no_hybrid_computation(tmp_path: Path) -> None:
    tensors = {
        "ids": ("int32", (2,)),
        "table": ("int8", (3, 4), 0.5, 0),
        "rows": ("int8", (2, 4), 0.5, 0),
        "y": ("float32", (2, 4)),
    }
    ops = [("GATHER", 1, ["table", "ids"], ["rows"]), ("DEQUANTIZE", 2, ["rows"], ["y"])]
    constants = {"table": np.ones((3, 4), np.int8)}
    path = write_spelled(tmp_path / "table.tflite", [Spelled(tensors, ops, ["ids"], ["y"], constants)])
    assert precision_of(read_graph(path)) is Precision.FULL_INT8
