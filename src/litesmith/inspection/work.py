"""Size and work by operator and by layer.

A multiply-accumulate (MAC) is one multiplication whose product is added to a sum over channels, taps or features.
Convolutions, matrix products and recurrent cells have them. Elementwise operators, pooling, reductions, resizing,
activations and data movement have none by this convention, which is that of most published figures.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from litesmith.core.graph import Graph, GraphOp, GraphTensor, Subgraph
from litesmith.core.model_facts import Share

_CONTROL_FLOW = frozenset({"WHILE", "IF", "CALL", "CALL_ONCE"})
_UNKNOWN_PREFIXES = ("CUSTOM:", "OP_", "STABLEHLO_")
_UNKNOWN = frozenset({"DELEGATE", "HASHTABLE_LOOKUP", "RFFT2D", "CONCAT_EMBEDDINGS", "LSH_PROJECTION", "CALL"})
_BASIC_LSTM = 5
"""Inputs of the LSTM kernel that has all weights in one."""
Sides = tuple[list[GraphTensor | None], list[GraphTensor]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a model weighs and computes.

    Attributes:
        by_op: By operator, the largest first.
        by_layer: By layer, the largest first.
        macs: Multiply-accumulates of one inference. Bodies of control flow count once.
        uncounted: Operators whose work is not known, or is not known beforehand, by name.
    """

    by_op: tuple[Share, ...]
    by_layer: tuple[Share, ...]
    macs: int
    uncounted: tuple[str, ...]


def shares(graph: Graph, layers: Mapping[int, tuple[str, ...]]) -> Work:
    """Return size and work of a model.

    Work is that of the first subgraph and of the subgraphs it runs, each once however often it repeats. Constants are
    those of all subgraphs; one that several operators or tensors share counts at the first. Weights that are stored in
    another type, and brought to float by a DEQUANTIZE, count at the operator that computes with them.

    Args:
        graph: The model.
        layers: Layer of each operator, by subgraph.
    """
    run, seen = _run(graph), set[int]()
    by_op: dict[str, list[int]] = {}
    by_layer: dict[str, list[int]] = {}
    uncounted: dict[str, None] = {}
    for subgraph in graph.subgraphs:
        names = layers.get(subgraph.index, ())
        owed, readers = dict[int, int](), subgraph.consumers()
        for op in subgraph.ops:
            weight = _new_bytes(subgraph, op, seen) + sum(owed.pop(index, 0) for index in set(op.inputs))
            read = max(readers.get(op.outputs[0], [-1])) if op.outputs else -1
            if op.name == "DEQUANTIZE" and weight and read > op.index:
                owed[op.outputs[0]], weight = weight, 0
            macs = op_macs(subgraph, op) if subgraph.index in run else 0
            if macs is None or op.name in _CONTROL_FLOW:
                uncounted[op.name] = None
            layer = names[op.index] if op.index < len(names) else op.name
            for table, name in ((by_op, op.name), (by_layer, layer)):
                row = table.setdefault(name, [0, 0, 0])
                for place, amount in enumerate((1, weight, macs or 0)):
                    row[place] += amount
    return Work(
        by_op=_sorted(by_op),
        by_layer=_sorted(by_layer),
        macs=sum(row[2] for row in by_op.values()),
        uncounted=tuple(uncounted),
    )


def op_macs(subgraph: Subgraph, op: GraphOp) -> int | None:
    """Return an operator's multiply-accumulates; None where they are not known. Dynamic dimensions count as one."""
    if op.name.startswith(_UNKNOWN_PREFIXES) or op.name in _UNKNOWN:
        return None
    count = _COUNTS.get(op.name)
    if count is None:
        return 0
    inputs = [subgraph.tensors[i] if i >= 0 else None for i in op.inputs]
    outputs = [subgraph.tensors[i] for i in op.outputs if i >= 0]
    try:
        return count((inputs, outputs))
    except (IndexError, AttributeError):  # a damaged file: fewer tensors or dimensions than the operator has
        return None


def _sorted(table: Mapping[str, list[int]]) -> tuple[Share, ...]:
    rows = [Share(name=name, ops=row[0], weight_bytes=row[1], macs=row[2]) for name, row in table.items()]
    return tuple(sorted(rows, key=lambda share: (-share.weight_bytes, -share.macs, share.name)))


def _run(graph: Graph) -> set[int]:
    """Return the subgraphs that the first one runs, itself included."""
    found, waiting = set[int](), [0]
    while waiting:
        index = waiting.pop()
        if index not in found:
            found.add(index)
            waiting += [called for op in graph.subgraphs[index].ops for called in op.calls]
    return found


def _new_bytes(subgraph: Subgraph, op: GraphOp, seen: set[int]) -> int:
    total = 0
    for index in op.inputs:
        tensor = subgraph.tensors[index] if index >= 0 else None
        if tensor is not None and tensor.constant and tensor.buffer not in seen:
            seen.add(tensor.buffer)
            total += tensor.size_bytes
    return total


def _elements(shape: Iterable[int]) -> int:
    return math.prod(1 if size < 0 else size for size in shape)


def _convolution(sides: Sides) -> int:
    """Each output takes one filter: its taps times the input channels of its group."""
    return _elements(sides[1][0].shape) * _elements(_shape(sides, 1)[1:])


def _depthwise(sides: Sides) -> int:
    return _elements(sides[1][0].shape) * _elements(_shape(sides, 1)[1:3])


def _transposed(sides: Sides) -> int:
    """Each input goes through every filter. Inputs: output shape, weights [out, h, w, in], activation."""
    return _elements(_shape(sides, 2)) * _elements(_shape(sides, 1)[:3])


def _convolution_3d(sides: Sides) -> int:
    """Weights are [d, h, w, in, out]."""
    return _elements(sides[1][0].shape) * _elements(_shape(sides, 1)[:4])


def _transposed_3d(sides: Sides) -> int:
    """Inputs: output shape, weights [d, h, w, out, in], activation."""
    return _elements(_shape(sides, 2)) * _elements(_shape(sides, 1)[:4])


def _connected(sides: Sides) -> int:
    return _elements(_shape(sides, 0)) * _elements(_shape(sides, 1)[:1])


def _matrices(sides: Sides) -> int:
    """Rows times columns of the output times what is summed over, which is what the factors have in common."""
    made, left = sides[1][0].shape, _shape(sides, 0)
    rows = max(made[-2] if len(made) > 1 else 1, 1)
    return _elements(made) * (_elements(left[-2:]) // rows)


def _steps(sides: Sides) -> int:
    """Return batch times time steps of a sequence [.., .., features]."""
    return _elements(_shape(sides, 0)[:-1])


def _weighted(sides: Sides, places: Iterable[int]) -> int:
    given = (sides[0][place] for place in places if place < len(sides[0]))
    return sum(_elements(tensor.shape) for tensor in given if tensor is not None)


def _recurrent(*places: int) -> Callable[[Sides], int]:
    """Return a count for cells that multiply with each of these weights once a step."""
    return lambda sides: _steps(sides) * _weighted(sides, places)


_full_lstm = _recurrent(*range(1, 12), 16)


def _svdf(sides: Sides) -> int:
    """Each step multiplies by the feature filters and by the time filters."""
    return _elements(_shape(sides, 0)[:-1]) * _weighted(sides, (1, 2))


def _shape(sides: Sides, place: int) -> tuple[int, ...]:
    tensor = sides[0][place]
    if tensor is None:
        raise IndexError
    return tensor.shape


_COUNTS: Mapping[str, Callable[[Sides], int]] = MappingProxyType(
    {
        "CONV_2D": _convolution,
        "DEPTHWISE_CONV_2D": _depthwise,
        "TRANSPOSE_CONV": _transposed,
        "CONV_3D": _convolution_3d,
        "CONV_3D_TRANSPOSE": _transposed_3d,
        "FULLY_CONNECTED": _connected,
        "BATCH_MATMUL": _matrices,
        "LSTM": lambda sides: _recurrent(2)(sides) if len(sides[0]) == _BASIC_LSTM else _full_lstm(sides),
        "UNIDIRECTIONAL_SEQUENCE_LSTM": _full_lstm,
        "BIDIRECTIONAL_SEQUENCE_LSTM": _recurrent(*range(1, 12), 16, *range(18, 29), 33, *range(40, 48)),
        "RNN": _recurrent(1, 2),
        "UNIDIRECTIONAL_SEQUENCE_RNN": _recurrent(1, 2),
        "BIDIRECTIONAL_SEQUENCE_RNN": _recurrent(1, 2, 5, 6, 10, 11),
        "SVDF": _svdf,
    }
)
"""How to count, by operator; others have no multiply-accumulates."""
