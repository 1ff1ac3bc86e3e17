"""Rewritten files: the uint8 interface (q + 128 on the wire, the same network inside) and the stated runtime."""

from __future__ import annotations

import shutil
from pathlib import Path

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from sample_sets import pictures
from tiny_tflite import write_cnn

from litesmith.core.graph import MIN_RUNTIME
from litesmith.core.tensors import dequantize
from litesmith.runtime.flatbuffer import read_graph
from litesmith.runtime.interpreter import OpenModel
from litesmith.runtime.rewrite import state_minimum_runtime, unsigned_interface


@pytest.fixture
def unsigned(int8: Path, tmp_path: Path) -> Path:
    path = tmp_path / "uint8.tflite"
    shutil.copyfile(int8, path)
    unsigned_interface(path)
    return path


def test_zero_points_move_by_128_and_names_stay(int8: Path, unsigned: Path) -> None:
    before, after = OpenModel(int8), OpenModel(unsigned)
    assert after.signature == before.signature
    for old, new in zip(before.inputs + before.outputs, after.inputs + after.outputs, strict=True):
        assert (old.dtype, new.dtype) == ("int8", "uint8")
        assert (new.name, new.shape, new.scale, new.zero_point) == (
            old.name,
            old.shape,
            old.scale,
            old.zero_point + 128,
        )


def test_answers_are_those_of_the_int8_interface_plus_128(int8: Path, unsigned: Path) -> None:
    before, after = OpenModel(int8), OpenModel(unsigned)
    seen = set()
    for picture in pictures(30, seed=5)[:, None]:
        (old,) = before.invoke([(picture ^ 128).view(np.int8)])
        (new,) = after.invoke([picture])
        assert new.dtype == np.uint8
        np.testing.assert_array_equal(new, old.astype(int) + 128)
        np.testing.assert_array_equal(dequantize(new, after.outputs[0]), dequantize(old, before.outputs[0]))
        seen.add(bytes(new))
    assert len(seen) > 10


def test_the_graph_gains_one_conversion_at_each_end_and_no_float(int8: Path, unsigned: Path) -> None:
    before, after = read_graph(int8), read_graph(unsigned)
    names = [op.name for op in before.main.ops]
    assert [op.name for op in after.main.ops] == ["QUANTIZE", *names, "QUANTIZE"]
    assert after.main.float_ops() == []
    assert after.main.tensors[after.main.inputs[0]].name == before.main.tensors[before.main.inputs[0]].name
    assert len({t.name for t in after.main.tensors}) == len(after.main.tensors)


def test_a_float_interface_is_left_alone(cnn: Path, tmp_path: Path) -> None:
    path = write_cnn(tmp_path / "float.tflite")
    unsigned_interface(path)
    assert read_graph(path).main.op_counts() == read_graph(cnn).main.op_counts()
    picture = np.full((1, 8, 8, 3), 0.3, np.float32)
    np.testing.assert_array_equal(OpenModel(path).invoke([picture])[0], OpenModel(cnn).invoke([picture])[0])


def test_the_stated_runtime_is_replaced_in_place(tmp_path: Path) -> None:
    path = write_cnn(tmp_path / "model.tflite")
    state_minimum_runtime(path, "2.17.0")
    assert read_graph(path).metadata == (), "a file that states nothing is left alone"
    stated = tmp_path / "stated.tflite"
    model = schema.ModelT.InitFromPackedBuf(path.read_bytes(), 0)
    model.buffers.append(schema.BufferT(data=np.frombuffer(b"1.6.0".ljust(16, b"\0"), np.uint8)))
    model.metadata = [schema.MetadataT(name=MIN_RUNTIME, buffer=len(model.buffers) - 1)]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    stated.write_bytes(bytes(builder.Output()))
    before = stated.stat().st_size
    state_minimum_runtime(stated, "2.17.0")
    assert [entry.text for entry in read_graph(stated).metadata] == ["2.17.0"]
    state_minimum_runtime(stated, "1" * 16)
    assert [entry.text for entry in read_graph(stated).metadata] == ["2.17.0"], "no room for text and its end"
    assert stated.stat().st_size == before
