"""Rewrites what a .tflite says of itself: the number type of inputs and outputs, and the oldest runtime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from litesmith.core.errors import PluginError
from litesmith.core.files import write_bytes
from litesmith.core.graph import MIN_RUNTIME
from litesmith.runtime.editing import inline_buffers, packed
from litesmith.runtime.flatbuffer import ModelFile


def unsigned_interface(path: Path) -> None:
    """Put a QUANTIZE between each int8 input or output and a uint8 one with the zero point moved by 128.

    The file is replaced. Values on the wire change from q to q + 128; the network inside is untouched.

    Raises:
        PluginError: the model has more than one subgraph.
    """
    from ai_edge_litert import schema_py_generated as schema

    data = path.read_bytes()
    model = schema.ModelT.InitFromPackedBuf(data, 0)
    inline_buffers(model, data)
    if len(model.subgraphs) != 1:
        raise PluginError(f"{path.name} has {len(model.subgraphs)} subgraphs; the uint8 interface takes one")
    graph = model.subgraphs[0]
    renamed: dict[int, int] = {}
    code = _quantize_code(model, schema)
    before, after = [], []
    for index in dict.fromkeys(int(i) for i in (*graph.inputs, *graph.outputs)):
        if graph.tensors[index].type != schema.TensorType.INT8:
            continue
        renamed[index] = len(graph.tensors)
        graph.tensors.append(_unsigned(graph.tensors[index], schema))
        op = schema.OperatorT()
        op.opcodeIndex = code
        op.builtinOptionsType = schema.BuiltinOptions.QuantizeOptions
        op.builtinOptions = schema.QuantizeOptionsT()
        if index in [int(i) for i in graph.inputs]:
            op.inputs, op.outputs = [renamed[index]], [index]
            before.append(op)
        else:
            op.inputs, op.outputs = [index], [renamed[index]]
            after.append(op)
    graph.operators = [*before, *graph.operators, *after]
    graph.inputs = [renamed.get(int(i), int(i)) for i in graph.inputs]
    graph.outputs = [renamed.get(int(i), int(i)) for i in graph.outputs]
    for signature in model.signatureDefs or []:
        for pair in (*signature.inputs, *signature.outputs):
            pair.tensorIndex = renamed.get(pair.tensorIndex, pair.tensorIndex)
    write_bytes(path, packed(model))


def _quantize_code(model: Any, schema: Any) -> int:
    """Return the index of the QUANTIZE operator code of version 2, adding it if need be."""
    wanted = schema.BuiltinOperator.QUANTIZE
    for index, code in enumerate(model.operatorCodes):
        if code.builtinCode == wanted and code.version >= 2:
            return index
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = wanted
    code.version = 2
    model.operatorCodes.append(code)
    return len(model.operatorCodes) - 1


def _unsigned(tensor: Any, schema: Any) -> Any:
    """Return a uint8 twin of an int8 tensor under its name, which passes to it."""
    twin = schema.TensorT()
    twin.name = tensor.name
    tensor.name = tensor.name + b"_int8"
    twin.type = schema.TensorType.UINT8
    twin.shape, twin.shapeSignature = tensor.shape, tensor.shapeSignature
    twin.buffer = 0
    parameters = schema.QuantizationParametersT()
    parameters.scale = list(tensor.quantization.scale)
    parameters.zeroPoint = [int(z) + 128 for z in tensor.quantization.zeroPoint]
    twin.quantization = parameters
    return twin


def state_minimum_runtime(path: Path, version: str) -> None:
    """Put a version into the file's `min_runtime_version`, in place; nothing where it has none or too little room."""
    with ModelFile(path) as file:
        entry = next((i for i, e in enumerate(file.graph.metadata) if e.name == MIN_RUNTIME), None)
        if entry is None:
            return
        start, length = file.place(entry)
    text = version.encode("ascii")
    if len(text) < length:
        with path.open("r+b") as out:
            out.seek(start)
            out.write(text.ljust(length, b"\0"))
