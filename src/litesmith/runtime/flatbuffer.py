"""Reads a .tflite's graph from its flatbuffer, without running it and without copying weights."""

from __future__ import annotations

import struct
from functools import cache
from pathlib import Path
from typing import Any

from litesmith.core.errors import SourceError
from litesmith.core.graph import Graph, GraphOp, GraphTensor
from litesmith.core.tensors import TensorSpec


@cache
def _names(enum: str) -> dict[int, str]:
    from ai_edge_litert import schema_py_generated as schema

    return {value: key for key, value in vars(getattr(schema, enum)).items() if isinstance(value, int)}


def read_model(path: Path) -> Any:
    """Return the generated schema's Model over the file's bytes.

    Raises:
        SourceError: no .tflite.
    """
    from ai_edge_litert import schema_py_generated as schema

    data = path.read_bytes()
    if data[4:8] != b"TFL3":
        raise SourceError(
            f"{path.name} is not a .tflite: bytes 4 to 8 are {data[4:8]!r} instead of b'TFL3'",
            hint="Give a .tflite, or a Keras model to `litesmith convert`.",
        )
    return schema.Model.GetRootAs(data, 0)


def read_graph(path: Path) -> Graph:
    """Return the graph of the first subgraph.

    Raises:
        SourceError: no .tflite, or damaged.
    """
    try:
        return _read(path)
    except (struct.error, IndexError, TypeError, AttributeError, ValueError, UnicodeDecodeError) as error:
        raise SourceError(
            f"{path.name} is damaged: {type(error).__name__} while reading its graph",
            hint="Copy or convert the file again.",
        ) from error


def _text(value: bytes | None) -> str:
    return (value or b"").decode("utf-8", "replace")


def _read(path: Path) -> Graph:
    model = read_model(path)
    if model.SubgraphsLength() == 0:
        raise SourceError(f"{path.name} holds no subgraph", hint="Convert the model again.")
    subgraph = model.Subgraphs(0)
    tensors = tuple(_tensor(model, subgraph.Tensors(i), i) for i in range(subgraph.TensorsLength()))
    inputs = tuple(int(subgraph.Inputs(i)) for i in range(subgraph.InputsLength()))
    outputs = tuple(int(subgraph.Outputs(i)) for i in range(subgraph.OutputsLength()))
    _check((*inputs, *outputs), len(tensors))
    signature, names = _signature(model)
    return Graph(
        description=_text(model.Description()),
        size_bytes=path.stat().st_size,
        subgraphs=model.SubgraphsLength(),
        tensors=tensors,
        ops=tuple(_op(model, subgraph.Operators(i), i, tensors) for i in range(subgraph.OperatorsLength())),
        inputs=inputs,
        outputs=outputs,
        signature=signature,
        input_specs=tuple(_spec(tensors[i], names) for i in inputs),
        output_specs=tuple(_spec(tensors[i], names) for i in outputs),
    )


def _tensor(model: Any, tensor: Any, index: int) -> GraphTensor:
    quantization = tensor.Quantization()
    scales = quantization.ScaleLength() if quantization else 0
    points = quantization.ZeroPointLength() if quantization else 0
    buffer = model.Buffers(tensor.Buffer())
    stored = buffer.DataLength() or int(buffer.Size())
    length = tensor.ShapeSignatureLength()
    shape = (
        [tensor.ShapeSignature(i) for i in range(length)]
        if length
        else [tensor.Shape(i) for i in range(tensor.ShapeLength())]
    )
    return GraphTensor(
        index=index,
        name=_text(tensor.Name()),
        dtype=_names("TensorType").get(tensor.Type(), str(tensor.Type())).lower(),
        shape=tuple(int(d) for d in shape),
        size_bytes=stored,
        constant=stored > 0,
        scales=scales,
        scale=float(quantization.Scale(0)) if scales else 0.0,
        zero_point=int(quantization.ZeroPoint(0)) if points else 0,
    )


def _op(model: Any, op: Any, index: int, tensors: tuple[GraphTensor, ...]) -> GraphOp:
    code = model.OperatorCodes(op.OpcodeIndex())
    builtin = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
    name = _names("BuiltinOperator").get(builtin, f"OP_{builtin}")
    if name == "CUSTOM":
        name = f"CUSTOM:{_text(code.CustomCode())}"
    inputs = tuple(int(op.Inputs(i)) for i in range(op.InputsLength()))
    outputs = tuple(int(op.Outputs(i)) for i in range(op.OutputsLength()))
    _check((*(i for i in inputs if i != -1), *outputs), len(tensors))
    return GraphOp(
        index=index,
        name=name,
        version=int(code.Version()),
        inputs=inputs,
        outputs=outputs,
        weight_bytes=sum(tensors[i].size_bytes for i in inputs if i >= 0),
    )


def _check(indices: tuple[int, ...], tensors: int) -> None:
    """Refuse indices that are no tensor's; Python would take negative ones from the end."""
    if any(not 0 <= index < tensors for index in indices):
        raise IndexError(f"tensor index out of 0..{tensors - 1}")


def _signature(model: Any) -> tuple[str, dict[int, str]]:
    """Return the first signature's name and its names by tensor index."""
    if model.SignatureDefsLength() == 0:
        return "", {}
    signature = model.SignatureDefs(0)
    pairs = [signature.Inputs(i) for i in range(signature.InputsLength())]
    pairs += [signature.Outputs(i) for i in range(signature.OutputsLength())]
    return _text(signature.SignatureKey()), {int(p.TensorIndex()): _text(p.Name()) for p in pairs}


def _spec(tensor: GraphTensor, names: dict[int, str]) -> TensorSpec:
    return TensorSpec(
        name=names.get(tensor.index, tensor.name),
        dtype=tensor.dtype,
        shape=tensor.shape,
        scale=tensor.scale,
        zero_point=tensor.zero_point,
    )
