"""Cuts a graph into the pieces that go to a delegate, as the runtime does."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Sequence

from litesmith.core.delegates import Partition
from litesmith.core.graph import GraphOp, Subgraph

_CONTROL_FLOW = frozenset({"IF", "WHILE", "CALL_ONCE"})


def partitions(subgraph: Subgraph, taken: Collection[int]) -> tuple[Partition, ...]:
    """Return the pieces that the runtime makes of the operators a delegate takes, in the order they run.

    The rule is `PartitionGraphIntoIndependentNodeSubsets` of `graph_info.cc`, greedy: of all operators whose inputs are
    there, the first decides whether the piece is the delegate's; it then grows as long as anything of its kind is
    ready, also past operators of the other kind. Operators with side effects stay in their order.

    Args:
        subgraph: The graph.
        taken: Indices of operators that the delegate takes.
    """
    found = [sorted(piece) for mine, piece in _pieces(subgraph, frozenset(taken)) if mine]
    return described(subgraph, found)


def described(subgraph: Subgraph, pieces: Sequence[Sequence[int]]) -> tuple[Partition, ...]:
    """Return pieces, given by operator indices, with the names of the tensors that enter and leave them."""
    readers, outputs = subgraph.consumers(), set(subgraph.outputs)
    made = []
    for ops in pieces:
        own = set(ops)
        written = {tensor for index in ops for tensor in subgraph.ops[index].outputs if tensor >= 0}
        read = {tensor for index in ops for tensor in subgraph.ops[index].inputs if tensor >= 0} - written
        leaving = {t for t in written if t in outputs or not own.issuperset(readers.get(t, ()))}
        made.append(
            Partition(
                ops=tuple(ops),
                reads=tuple(subgraph.tensors[i].name for i in sorted(read) if not subgraph.tensors[i].constant),
                writes=tuple(subgraph.tensors[i].name for i in sorted(leaving)),
            )
        )
    return tuple(made)


def _pieces(subgraph: Subgraph, taken: frozenset[int]) -> list[tuple[bool, list[int]]]:
    ops = subgraph.ops
    waits, followers = _dependencies(subgraph)
    ready: dict[bool, list[int]] = {True: [], False: []}
    for op in ops:
        if waits[op.index] == 0:
            heapq.heappush(ready[op.index in taken], op.index)
    pieces = []
    while ready[True] or ready[False]:
        kind = min((queue[0], mine) for mine, queue in ready.items() if queue)[1]
        piece = []
        while ready[kind]:
            index = heapq.heappop(ready[kind])
            piece.append(index)
            for follower in followers[index]:
                waits[follower] -= 1
                if waits[follower] == 0:
                    heapq.heappush(ready[follower in taken], follower)
        pieces.append((kind, piece))
    return pieces


def _dependencies(subgraph: Subgraph) -> tuple[list[int], list[list[int]]]:
    """Return, for each operator, how many it waits for, and which wait for it."""
    makers = subgraph.producers()
    before: list[set[int]] = [set() for _ in subgraph.ops]
    last = -1
    for op in subgraph.ops:
        before[op.index].update(makers[tensor] for tensor in op.inputs if tensor in makers)
        before[op.index].discard(op.index)
        if _acts(op, subgraph):
            if last >= 0:
                before[op.index].add(last)
            last = op.index
    followers: list[list[int]] = [[] for _ in subgraph.ops]
    for index, earlier in enumerate(before):
        for other in earlier:
            followers[other].append(index)
    return [len(earlier) for earlier in before], followers


def _acts(op: GraphOp, subgraph: Subgraph) -> bool:
    """Return whether an operator may do something besides computing its outputs."""
    resources = any(i >= 0 and subgraph.tensors[i].dtype == "resource" for i in (*op.inputs, *op.outputs))
    return resources or op.name in _CONTROL_FLOW
