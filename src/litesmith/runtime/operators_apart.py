"""Writes the operators of a model as models of one operator each, to be timed. Runs in a worker."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from litesmith.core.errors import EvaluationError
from litesmith.core.files import write_bytes
from litesmith.core.graph import CONVERSIONS, GraphOp, Subgraph
from litesmith.runtime.editing import EditableModel


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorFile:
    """One operator, apart.

    Attributes:
        name: Its first output tensor.
        op: Operator name.
        key: What its time depends on, hashed: operators alike in kind, options and shapes have the same, and one file.
        elements: Numbers in its first output.
    """

    name: str
    op: str
    key: str
    elements: int


def write_operators(path: Path, folder: Path, *, conversions: bool = False) -> list[OperatorFile]:
    """Write `KEY.tflite` for each operator that can stand alone, and return what was written.

    Args:
        path: The model.
        folder: Where to write.
        conversions: Write those that change the number type; else all others.
    """
    model = EditableModel(path)
    graph = model.main
    found = []
    for op in graph.ops:
        if not op.outputs or (op.name in CONVERSIONS) != conversions:
            continue
        key = _key(graph, op)
        file = folder / f"{key}.tflite"
        try:
            if not file.exists():
                write_bytes(file, model.cut(op.index)[0])
        except EvaluationError:
            continue  # it keeps state or runs other subgraphs, and has no time of its own
        elements = 1
        for size in graph.tensors[op.outputs[0]].shape:
            elements *= max(size, 1)
        found.append(OperatorFile(name=graph.tensors[op.outputs[0]].name, op=op.name, key=key, elements=elements))
    return found


def _key(graph: Subgraph, op: GraphOp) -> str:
    ends = [
        (graph.tensors[i].dtype, graph.tensors[i].shape, graph.tensors[i].constant, graph.tensors[i].scales)
        for i in (*op.inputs, *op.outputs)
        if i >= 0
    ]
    return sha256(repr((op.name, op.version, sorted(op.options.items()), ends)).encode()).hexdigest()[:24]
