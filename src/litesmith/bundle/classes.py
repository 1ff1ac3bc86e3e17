"""Whether a model's answer is a class: not guessed from its shape, as a row of values may be anything."""

from __future__ import annotations

from pathlib import Path

from litesmith.core.bundle import ModelCard
from litesmith.runtime.flatbuffer import read_graph

_AROUND = frozenset({"QUANTIZE", "DEQUANTIZE", "RESHAPE", "SQUEEZE"})
_SCORES = frozenset({"SOFTMAX", "LOG_SOFTMAX"})


def gives_classes(model: Path, card: ModelCard) -> bool:
    """Tell whether the only output [1, classes] holds one score per class: it was evaluated so, or ends in SOFTMAX.

    Raises:
        SourceError: `model` is no .tflite, or damaged.
    """
    if len(card.outputs) != 1:
        return False
    shape = card.outputs[0].shape
    if len(shape) != 2 or shape[0] not in (-1, 1) or shape[1] < 2:
        return False
    if card.evaluation is not None and card.evaluation.metric == "top1":
        return True
    return ending(model) in _SCORES


def ending(model: Path) -> str:
    """Return the operator that computes the first output, before it is reshaped or requantized; empty for none.

    Raises:
        SourceError: `model` is no .tflite, or damaged.
    """
    graph = read_graph(model).main
    producers, tensor = graph.producers(), graph.outputs[0]
    for _ in graph.ops:
        if tensor not in producers:
            return ""
        op = graph.ops[producers[tensor]]
        if op.name not in _AROUND:
            return op.name
        tensor = op.inputs[0]
    return ""
