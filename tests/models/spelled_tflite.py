"""Writes a .tflite that is spelled out tensor by tensor, for files that no converter here makes.

    tensors = {"x": ("uint8", (1, 4), 0.5, 128), "y": ("uint8", (1, 4), 0.5, 128)}
    write_spelled(path, [Spelled(tensors, [("ADD", 1, ["x", "x"], ["y"])], ["x"], ["y"])])

Operators that are no builtins are custom. The files are read by the audit; not all of them can be run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema


@dataclass
class Spelled:
    """One subgraph.

    Attributes:
        tensors: By name (dtype, shape), and where quantized scale (one, or a list for channels) and zero point.
        ops: (name, version, inputs, outputs), and for control flow the subgraphs.
        inputs: Names.
        outputs: Names.
        constants: Values by name.
    """

    tensors: Mapping[str, Sequence[Any]]
    ops: Sequence[Sequence[Any]]
    inputs: Sequence[str]
    outputs: Sequence[str]
    constants: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)


def write_spelled(path: Path, graphs: Sequence[Spelled], metadata: Mapping[str, bytes] | None = None) -> Path:
    """Write the subgraphs, the model first, and metadata blocks."""
    codes: list[tuple[str, int]] = []
    buffers = [schema.BufferT()]
    model = schema.ModelT(version=3, buffers=buffers, subgraphs=[], metadata=[], description="spelled")
    for graph in graphs:
        made = schema.SubGraphT(tensors=[], operators=[], name=f"graph{len(model.subgraphs)}")
        names = list(graph.tensors)
        for name, (dtype, shape, *quantized) in graph.tensors.items():
            buffer = 0
            if name in graph.constants:
                buffers.append(schema.BufferT(data=np.frombuffer(graph.constants[name].tobytes(), np.uint8)))
                buffer = len(buffers) - 1
            tensor = schema.TensorT(name=name, shape=[max(d, 1) for d in shape], buffer=buffer)
            tensor.type = getattr(schema.TensorType, dtype.upper())
            if min(shape, default=0) < 0:
                tensor.shapeSignature = list(shape)
            if quantized:
                scales = quantized[0] if isinstance(quantized[0], list) else [quantized[0]]
                points = [quantized[1]] * len(scales)
                tensor.quantization = schema.QuantizationParametersT(scale=scales, zeroPoint=points)
            made.tensors.append(tensor)
        for name, version, inputs, outputs, *calls in graph.ops:
            if (name, version) not in codes:
                codes.append((name, version))
            op = schema.OperatorT(opcodeIndex=codes.index((name, version)))
            op.inputs, op.outputs = [[names.index(n) for n in side] for side in (inputs, outputs)]
            if name == "WHILE" and calls:
                op.builtinOptionsType = schema.BuiltinOptions.WhileOptions
                op.builtinOptions = schema.WhileOptionsT(condSubgraphIndex=calls[0], bodySubgraphIndex=calls[1])
            made.operators.append(op)
        made.inputs, made.outputs = [[names.index(n) for n in side] for side in (graph.inputs, graph.outputs)]
        model.subgraphs.append(made)
    model.operatorCodes = [_code(name, version) for name, version in codes]
    for name, block in (metadata or {}).items():
        buffers.append(schema.BufferT(data=np.frombuffer(block, np.uint8)))
        model.metadata.append(schema.MetadataT(name=name, buffer=len(buffers) - 1))
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    path.write_bytes(bytes(builder.Output()))
    return path


def _code(name: str, version: int) -> Any:
    number = getattr(schema.BuiltinOperator, name, None)
    if number is None:
        custom = schema.BuiltinOperator.CUSTOM
        return schema.OperatorCodeT(builtinCode=custom, deprecatedBuiltinCode=custom, customCode=name, version=version)
    return schema.OperatorCodeT(builtinCode=number, deprecatedBuiltinCode=min(number, 127), version=version)
