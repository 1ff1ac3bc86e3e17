"""Models whose bytes are sound and that end the process which prepares them."""

from __future__ import annotations

from pathlib import Path

import flatbuffers
from ai_edge_litert import schema_py_generated as schema
from tiny_tflite import Drawing


def write_endless(path: Path) -> Path:
    """A WHILE whose body is that WHILE again: the runtime recurses until its stack is full (SIGSEGV)."""
    draw = Drawing()
    entry = draw.tensor("image", (1, 8))
    draw.save(path, {"image": entry}, {"y": draw.op("LOGISTIC", [entry], "y", (1, 8))})
    model = schema.ModelT.InitFromPackedBuf(path.read_bytes(), 0)
    (main,) = model.subgraphs
    code, op = model.operatorCodes[0], main.operators[0]
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.WHILE
    op.builtinOptionsType = schema.BuiltinOptions.WhileOptions
    op.builtinOptions = schema.WhileOptionsT(condSubgraphIndex=1, bodySubgraphIndex=2)
    goes_on = schema.TensorT(shape=[1], buffer=0, name="goes_on", hasRank=True, type=schema.TensorType.BOOL)
    condition = schema.SubGraphT(
        tensors=[main.tensors[0], goes_on], operators=[], name="condition", inputs=[0], outputs=[1]
    )
    body = schema.SubGraphT(tensors=main.tensors, operators=main.operators, name="body", inputs=[0], outputs=[1])
    model.subgraphs = [main, condition, body]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    path.write_bytes(bytes(builder.Output()))
    return path
