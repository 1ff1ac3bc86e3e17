"""The table of option fields is that of the schema, as LiteRT's generated code has it."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import flatbuffers
import pytest
from ai_edge_litert import schema_py_generated as schema

from litesmith.runtime.flatbuffer import ModelFile, names_of
from litesmith.runtime.op_options import FIELDS, TABLES, Field
from litesmith.runtime.storage import DTYPES, storage_bits

FLAGS = {"bool": "Bool", "int8": "Int8", "int32": "Int32", "uint32": "Uint32", "float32": "Float32"}
OTHER_NAMES = {
    "fused_activation": "fused_activation_function",
    "dilation_w": "dilation_w_factor",
    "dilation_h": "dilation_h_factor",
    "dilation_d": "dilation_d_factor",
}


def generated(table: str, option: str) -> str:
    """Return the source of the schema's own reading of a field."""
    words = OTHER_NAMES.get(option, option).split("_")
    return inspect.getsource(getattr(getattr(schema, table), "".join(word.capitalize() for word in words)))


def place_of(source: str) -> int:
    (slot,) = re.findall(r"self\._tab\.Offset\((\d+)\)", source)
    return (int(slot) - 4) // 2


ALL = [(table, option, field) for table, fields in FIELDS.items() for option, field in fields.items()]


@pytest.mark.parametrize(("table", "option", "field"), ALL, ids=[f"{table}.{option}" for table, option, _ in ALL])
def test_a_field_stands_where_the_schema_has_it(table: str, option: str, field: Field) -> None:
    source = generated(table, option)
    assert place_of(source) == field.number
    assert f"number_types.{FLAGS[field.kind]}Flags" in source
    (default,) = re.findall(r"return (-?[\d.]+|False)\s*$", source)
    assert float(default if default != "False" else 0) == field.default


def test_every_operator_and_its_table_exist() -> None:
    assert set(TABLES.values()) == set(FIELDS)
    operators, tables = set(names_of("BuiltinOperator").values()), set(names_of("BuiltinOptions").values())
    assert set(TABLES) <= operators
    assert set(FIELDS) <= tables


@pytest.mark.parametrize(
    ("table", "accessor", "number"),
    [
        ("Model", "OperatorCodesLength", 1),
        ("Model", "SubgraphsLength", 2),
        ("Model", "Description", 3),
        ("Model", "BuffersLength", 4),
        ("Model", "MetadataLength", 6),
        ("Model", "SignatureDefsLength", 7),
        ("OperatorCode", "DeprecatedBuiltinCode", 0),
        ("OperatorCode", "CustomCode", 1),
        ("OperatorCode", "Version", 2),
        ("OperatorCode", "BuiltinCode", 3),
        ("SubGraph", "TensorsLength", 0),
        ("SubGraph", "InputsLength", 1),
        ("SubGraph", "OutputsLength", 2),
        ("SubGraph", "OperatorsLength", 3),
        ("SubGraph", "Name", 4),
        ("Tensor", "ShapeLength", 0),
        ("Tensor", "Type", 1),
        ("Tensor", "Buffer", 2),
        ("Tensor", "Name", 3),
        ("Tensor", "Quantization", 4),
        ("Tensor", "IsVariable", 5),
        ("Tensor", "Sparsity", 6),
        ("Tensor", "ShapeSignatureLength", 7),
        ("Tensor", "ExternalBuffer", 10),
        ("QuantizationParameters", "ScaleLength", 2),
        ("QuantizationParameters", "ZeroPointLength", 3),
        ("QuantizationParameters", "DetailsType", 4),
        ("QuantizationParameters", "Details", 5),
        ("QuantizationParameters", "QuantizedDimension", 6),
        ("BlockwiseQuantization", "Scales", 0),
        ("BlockwiseQuantization", "ZeroPoints", 1),
        ("BlockwiseQuantization", "BlockSize", 2),
        ("Operator", "OpcodeIndex", 0),
        ("Operator", "InputsLength", 1),
        ("Operator", "OutputsLength", 2),
        ("Operator", "BuiltinOptionsType", 3),
        ("Operator", "BuiltinOptions", 4),
        ("Buffer", "DataLength", 0),
        ("Buffer", "Offset", 1),
        ("Buffer", "Size", 2),
        ("Metadata", "Name", 0),
        ("Metadata", "Buffer", 1),
        ("SignatureDef", "InputsLength", 0),
        ("SignatureDef", "OutputsLength", 1),
        ("SignatureDef", "SignatureKey", 2),
        ("SignatureDef", "SubgraphIndex", 4),
        ("TensorMap", "Name", 0),
        ("TensorMap", "TensorIndex", 1),
    ],
)
def test_the_numbers_that_the_reader_uses(table: str, accessor: str, number: int) -> None:
    assert place_of(inspect.getsource(getattr(getattr(schema, table), accessor))) == number


def test_every_tensor_type_has_a_size_or_none_that_is_fixed() -> None:
    types = {name.lower() for name in names_of("TensorType").values()}
    assert {name for name in types if storage_bits(name) == 0} == {"string", "resource", "variant"}
    assert set(DTYPES) <= types
    assert storage_bits("type_99") == 0


def written(path: Path, model: Any) -> ModelFile:
    builder = flatbuffers.Builder(64)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    path.write_bytes(bytes(builder.Output()))
    return ModelFile(path)


def with_op(code: int, kind: str, options: Any, path: Path) -> ModelFile:
    op = schema.OperatorT(inputs=[], outputs=[], builtinOptionsType=getattr(schema.BuiltinOptions, kind))
    op.builtinOptions = options
    codes = [schema.OperatorCodeT(builtinCode=code, deprecatedBuiltinCode=min(code, 127))]
    graph = schema.SubGraphT(tensors=[], operators=[op], inputs=[], outputs=[])
    return written(path, schema.ModelT(subgraphs=[graph], operatorCodes=codes, buffers=[schema.BufferT()]))


def test_options_are_read_and_those_of_another_operator_are_not(tmp_path: Path) -> None:
    pool = schema.Pool2DOptionsT(padding=1, strideW=2, strideH=3, filterWidth=4, filterHeight=5)
    (op,) = with_op(schema.BuiltinOperator.MAX_POOL_2D, "Pool2DOptions", pool, tmp_path / "a.tflite").graph.main.ops
    assert op.options == {
        "padding": 1, "stride_w": 2, "stride_h": 3, "filter_width": 4, "filter_height": 5, "fused_activation": 0,
    }  # fmt: skip
    (op,) = with_op(schema.BuiltinOperator.CONV_2D, "Pool2DOptions", pool, tmp_path / "b.tflite").graph.main.ops
    assert (op.name, op.options) == ("CONV_2D", {})
    calls = schema.WhileOptionsT(condSubgraphIndex=7, bodySubgraphIndex=9)
    (op,) = with_op(schema.BuiltinOperator.ADD, "WhileOptions", calls, tmp_path / "c.tflite").graph.main.ops
    assert op.calls == ()


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [(3, 0, "CONV_2D"), (3, 3, "CONV_2D"), (127, 130, "BROADCAST_TO"), (0, 9999, "OP_9999"), (-4, -9, "OP_-4")],
)
def test_operator_codes_are_the_larger_of_two(old: int, new: int, name: str, tmp_path: Path) -> None:
    file = with_op(0, "NONE", None, tmp_path / "first.tflite")
    data = schema.ModelT.InitFromPackedBuf(file.path.read_bytes(), 0)
    data.operatorCodes[0].deprecatedBuiltinCode, data.operatorCodes[0].builtinCode = old, new
    assert written(tmp_path / "second.tflite", data).graph.main.ops[0].name == name


def test_blockwise_scales_are_those_of_another_tensor(tmp_path: Path) -> None:
    import numpy as np

    scales = np.array([[0.5, 0.25], [2.0, 4.0]], np.float16)
    details = schema.BlockwiseQuantizationT(scales=1, zeroPoints=-1, blockSize=32)
    quantization = schema.QuantizationParametersT(
        detailsType=schema.QuantizationDetails.BlockwiseQuantization, details=details
    )
    weights = schema.TensorT(shape=[2, 64], type=schema.TensorType.INT4, buffer=1, quantization=quantization)
    held = schema.TensorT(shape=[2, 2], type=schema.TensorType.FLOAT16, buffer=2)
    buffers = [
        schema.BufferT(),
        *(schema.BufferT(data=np.frombuffer(b, np.uint8)) for b in (bytes(64), scales.tobytes())),
    ]
    graph = schema.SubGraphT(tensors=[weights, held], operators=[], inputs=[], outputs=[])
    file = written(tmp_path / "m.tflite", schema.ModelT(subgraphs=[graph], buffers=buffers))
    tensor = file.graph.main.tensors[0]
    assert (tensor.dtype, tensor.block_size, tensor.scales) == ("int4", 32, 4)
    assert file.scales(0, 0).tolist() == [0.5, 0.25, 2.0, 4.0]
    assert len(file.zero_points(0, 0)) == 0


def test_constants_in_another_file_are_constants_without_bytes(tmp_path: Path) -> None:
    tensor = schema.TensorT(shape=[4], buffer=0, externalBuffer=7)
    model = schema.ModelT(subgraphs=[schema.SubGraphT(tensors=[tensor])], buffers=[schema.BufferT()])
    model.externalBuffers = [schema.ExternalBufferT(id=7, group=0, offset=0, length=16)]
    model.externalBufferGroups = [schema.ExternalBufferGroupT(name="weights.bin")]
    file = written(tmp_path / "m.tflite", model)
    (read,) = file.graph.main.tensors
    assert (read.constant, read.size_bytes, file.values(read), bytes(file.raw(read))) == (True, 0, None, b"")
