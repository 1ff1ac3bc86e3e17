"""Which activations have to be scaled together: those that operators tie channel by channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from litesmith.core.graph import GraphOp, Subgraph
from litesmith.runtime.weighted import Layer

_REDUCTIONS = ("MEAN", "SUM", "REDUCE_MAX")
_SINGLE = frozenset(
    {
        *("MAX_POOL_2D", "AVERAGE_POOL_2D", "RELU", "RELU6", "LEAKY_RELU", "PAD", "RESHAPE", "SQUEEZE"),
        *("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"),
        *_REDUCTIONS,
    }
)
"""Operators of one activation that commute with a positive factor per channel, ReLU6 within limits."""
_PAIRS = frozenset({"ADD", "SUB", "MAXIMUM", "MINIMUM"})
"""The same of two activations."""
_RELU, _RELU6 = 1, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Tensors that share the factors of their channels.

    Attributes:
        tensors: Their indices.
        capped: Those behind a ReLU6.
        makers: Layers that make one.
        readers: Layers that read one.
    """

    tensors: tuple[int, ...]
    capped: tuple[int, ...]
    makers: tuple[Layer, ...]
    readers: tuple[Layer, ...]


def channel_groups(graph: Subgraph, layers: Mapping[int, Layer]) -> list[Group]:
    """Return the groups whose channels can be scaled without changing the model, in order of first use.

    A group is left out when it reaches an input or output of the model, an operator that does not commute with a factor
    per channel (LOGISTIC, HARD_SWISH, CONCATENATION, ...), or weights that cannot be changed.

    Args:
        graph: A float model.
        layers: Layers whose weights may be changed, by operator.
    """
    parent = list(range(len(graph.tensors)))
    fixed = set(graph.inputs) | set(graph.outputs)
    capped: set[int] = set()

    def root(tensor: int) -> int:
        while parent[tensor] != tensor:
            tensor = parent[tensor]
        return tensor

    for op in graph.ops:
        read = [t for t in op.inputs if t >= 0 and not graph.tensors[t].constant]
        activation = int(op.options.get("fused_activation", 0))
        if activation == _RELU6 or op.name == "RELU6":
            capped.update(op.outputs)
        elif activation not in (0, _RELU):
            fixed.update(op.outputs)
        if op.index in layers:
            if not _readable(layers[op.index], _channels(graph, op.inputs[0])):
                fixed.update(read)
        elif _ties(op, read, graph):
            for tensor in read:
                parent[root(tensor)] = root(op.outputs[0])
        else:
            fixed.update((*read, *op.outputs))
    members: dict[int, list[int]] = {}
    for record in graph.activations():
        members.setdefault(root(record.index), []).append(record.index)
    found = []
    for tensors in members.values():
        makers = tuple(layer for layer in layers.values() if layer.op.outputs[0] in tensors)
        readers = tuple(layer for layer in layers.values() if layer.op.inputs[0] in tensors)
        if fixed.isdisjoint(tensors) and makers and readers:
            behind = tuple(t for t in tensors if t in capped)
            found.append(Group(tensors=tuple(tensors), capped=behind, makers=makers, readers=readers))
    return found


def _channels(graph: Subgraph, tensor: int) -> int:
    shape = graph.tensors[tensor].shape
    return shape[-1] if shape else 0


def _readable(layer: Layer, channels: int) -> bool:
    """Tell whether a layer's weights can be divided by the factors of the channels it reads."""
    if layer.depthwise:
        return channels > 0 and layer.shape[-1] % channels == 0
    return layer.shape[-1] == channels


def _ties(op: GraphOp, read: list[int], graph: Subgraph) -> bool:
    """Tell whether an operator passes a factor per channel on from what it reads to what it makes."""
    channels = {_channels(graph, tensor) for tensor in (*read, *op.outputs)}
    if len(channels) != 1 or len(op.outputs) != 1:
        return False
    if op.name in _PAIRS:
        return len(read) == 2 and len([t for t in op.inputs if t >= 0]) == 2
    if op.name not in _SINGLE or len(read) != 1:
        return False
    before, after = graph.tensors[read[0]].shape, graph.tensors[op.outputs[0]].shape
    if op.name in _REDUCTIONS:  # over height and width, as the shapes alone can tell
        return len(before) == 4 and after in ((before[0], before[3]), (before[0], 1, 1, before[3]))
    return True
