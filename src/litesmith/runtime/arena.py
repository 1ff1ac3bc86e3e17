"""The memory that activations take, planned from their lifetimes as the runtime plans it.

The rules are those of `arena_planner.cc` and `simple_memory_arena.cc` of LiteRT: tensors that live throughout come
first, the others by falling size; each goes into the smallest gap that fits among those alive at the same time; and
some operators write over what they read. What kernels take besides for themselves is in `scratch.py`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from litesmith.core.graph import GraphOp, GraphTensor, Subgraph
from litesmith.runtime.scratch import scratch_bytes
from litesmith.runtime.storage import storage_bits

ALIGNMENT_BYTES = 64
_MOST_TENSORS = 10_000
"""Above this the plan is not made: it takes time by the square."""
_MOST_BYTES = 1 << 45
_SCALAR_BYTES = 4
_WRITES_OVER = {
    "ADD": (0, 1),
    "SUB": (0, 1),
    "MUL": (0, 1),
    "DIV": (0, 1),
    "SOFTMAX": (0,),
    "DYNAMIC_UPDATE_SLICE": (0,),
}
"""Inputs whose memory the first output may take (`kTfLiteInplaceOpInput0Shared` in the kernels)."""
_KEEPS = frozenset({"RESHAPE", "EXPAND_DIMS", "SQUEEZE", "BITCAST"})
"""Operators that hand the first input's memory on unchanged (`kTfLiteInplaceOpDataUnmodified`)."""
_FOLDED = frozenset({"DEQUANTIZE", "DENSIFY", "RESHAPE", "CAST"})
"""Operators whose output lies elsewhere where they read nothing but constants: it is made once."""
_KNOWN = frozenset({"SHAPE", "RANK"})
"""Operators whose output is known when the model is prepared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Where activations lie.

    Attributes:
        size_bytes: Of the arena: the end of the last activation or scratch.
        activation_bytes: From the first activation's start to the last one's end, scratch beyond them left out.
        live_bytes: Bytes in use during each operator, in execution order.
    """

    size_bytes: int
    activation_bytes: int
    live_bytes: tuple[int, ...]


@dataclass(slots=True, kw_only=True)
class _Life:
    """A block of memory: from the first operator that writes it to the last that reads it."""

    size_bytes: int
    first: int
    last: int
    always: bool = False
    scratch: bool = False


def size_of(tensor: GraphTensor, *, dynamic: int | None = None) -> int | None:
    """Return the bytes of a tensor's values.

    Args:
        tensor: The tensor.
        dynamic: Size that stands in for a dynamic dimension.

    Returns:
        None for text, resources, and where a dimension is dynamic.
    """
    bits = storage_bits(tensor.dtype)
    sizes = [dynamic if size < 0 and dynamic is not None else size for size in tensor.shape]
    if not bits or any(size < 0 for size in sizes):
        return None
    return (math.prod(sizes) * bits + 7) // 8


def plan(subgraph: Subgraph, *, dynamic: int | None = None) -> Plan | None:
    """Return the plan for one subgraph without a delegate; None where a size is not known, or beyond reason.

    Args:
        subgraph: Its activations are planned.
        dynamic: Size that stands in for dynamic dimensions.
    """
    if len(subgraph.tensors) > _MOST_TENSORS:
        return None
    elsewhere = outside(subgraph)
    sizes = {}
    for tensor in subgraph.activations():
        size = size_of(tensor, dynamic=dynamic)
        if size is None or size > _MOST_BYTES:
            return None
        if tensor.index not in elsewhere:
            sizes[tensor.index] = size
    owners = _owners(subgraph, sizes)
    lives = _lives(subgraph, sizes, owners)
    scratch = [
        _Life(size_bytes=size, first=op.index, last=op.index, scratch=True)
        for op in subgraph.ops
        for size in scratch_bytes(op, subgraph.tensors)
    ]
    if len(lives) + len(scratch) > _MOST_TENSORS:
        return None
    if sum(life.size_bytes for life in (*lives.values(), *scratch)) > _MOST_BYTES:
        return None
    ordered = [life for _, life in sorted(lives.items()) if life.always]
    ordered += sorted(
        [*(life for _, life in sorted(lives.items()) if not life.always), *scratch],
        key=lambda life: (-life.size_bytes, life.first),
    )
    offsets = _place(ordered)
    return Plan(
        size_bytes=max((at + life.size_bytes for at, life in zip(offsets, ordered, strict=True)), default=0),
        activation_bytes=max(
            (at + life.size_bytes for at, life in zip(offsets, ordered, strict=True) if not life.scratch), default=0
        ),
        live_bytes=_live(ordered, len(subgraph.ops)),
    )


def outside(subgraph: Subgraph) -> frozenset[int]:
    """Return the tensors that do not lie in the arena: variables, and what is made once from constants."""
    away = {tensor.index for tensor in subgraph.tensors if tensor.variable}
    fixed = {tensor.index for tensor in subgraph.tensors if tensor.constant}
    for op in subgraph.ops:
        reads = {index for index in op.inputs if index >= 0}
        if op.name in _KNOWN or (op.name in _FOLDED and reads <= fixed):
            away.update(op.outputs)
            fixed.update(op.outputs)
    return frozenset(away)


def _owners(subgraph: Subgraph, sizes: dict[int, int]) -> dict[int, int]:
    """Return, for tensors that share another's memory, whose."""
    inputs, outputs = set(subgraph.inputs), set(subgraph.outputs)
    references = Counter(index for op in subgraph.ops for index in op.inputs if index >= 0)
    references.update((*subgraph.inputs, *subgraph.outputs))
    owners: dict[int, int] = {}
    for op in subgraph.ops:
        candidates = (0,) if op.name in _KEEPS else _WRITES_OVER.get(op.name, ())
        if not candidates or not op.outputs or op.outputs[0] not in sizes or op.outputs[0] in outputs:
            continue
        changes, output = op.name not in _KEEPS, op.outputs[0]
        shared = next(
            (
                index
                for index in _first(op, candidates)
                if index in sizes and index not in inputs and not (changes and _kept(index, output, references, sizes))
            ),
            None,
        )
        if shared is None:
            continue
        owner = owners.get(shared, shared)
        if sizes[owner] == sizes[output] and not (changes and references[owner] > 1):
            owners[output] = owner
    return owners


def _first(op: GraphOp, places: Iterable[int]) -> list[int]:
    return [op.inputs[place] for place in places if place < len(op.inputs)]


def _kept(index: int, output: int, references: Counter[int], sizes: dict[int, int]) -> bool:
    """Return whether an operator that changes what it reads has to leave an input alone."""
    return sizes[index] != sizes[output] or sizes[index] <= _SCALAR_BYTES or references[index] > 1


def _lives(subgraph: Subgraph, sizes: dict[int, int], owners: dict[int, int]) -> dict[int, _Life]:
    """Return each block's life by its tensor. Inputs and outputs are never written over."""
    end = max(len(subgraph.ops) - 1, 0)
    references = Counter((*subgraph.inputs, *subgraph.outputs))
    for op in subgraph.ops:
        references.update(owners.get(index, index) for index in op.inputs if index >= 0)
    lives = {index: _Life(size_bytes=sizes[index], first=0, last=end) for index in subgraph.inputs if index in sizes}
    for op in subgraph.ops:
        for index in op.outputs:
            if index in sizes and index not in lives and index not in owners:
                lives[index] = _Life(size_bytes=sizes[index], first=op.index, last=end)
        for index in op.inputs:
            owner = owners.get(index, index)
            references[owner] -= 1
            if references[owner] == 0 and owner in lives:
                lives[owner].last = op.index
                references[owner] = -1
    for index, life in lives.items():
        life.always = life.first == 0 and references[index] != -1
    return lives


def _place(lives: list[_Life]) -> list[int]:
    """Return where each block starts, in bytes: the smallest gap among those alive at the same time."""
    placed = np.empty((4, len(lives)), np.int64)  # start, end, first, last; sorted by start
    count, offsets = 0, []
    for life in lives:
        if life.size_bytes == 0:
            offsets.append(0)
            continue
        known = placed[:, :count]
        together = known[:, (known[3] >= life.first) & (known[2] <= life.last)]
        at = _gap(together, life.size_bytes)
        offsets.append(at)
        place = int(np.searchsorted(known[0], at, side="right"))
        placed[:, place + 1 : count + 1] = placed[:, place:count].copy()
        placed[:, place] = (at, at + life.size_bytes, life.first, life.last)
        count += 1
    return offsets


def _gap(together: npt.NDArray[np.int64], size_bytes: int) -> int:
    if together.shape[1] == 0:
        return 0
    ends = np.maximum.accumulate(together[1])
    before = np.concatenate(([0], ends[:-1]))
    aligned = -(-before // ALIGNMENT_BYTES) * ALIGNMENT_BYTES
    fits = np.flatnonzero(aligned + size_bytes <= together[0])
    if fits.size == 0:
        return -(-int(ends[-1]) // ALIGNMENT_BYTES) * ALIGNMENT_BYTES
    gaps = together[0, fits] - aligned[fits]
    tightest = fits[gaps == gaps.min()]
    # The runtime compares a gap after alignment with the best one before it: of equal gaps it goes on to the next
    # until one begins at a multiple of the alignment.
    exact = tightest[before[tightest] == aligned[tightest]]
    return int(aligned[exact[0] if exact.size else tightest[-1]])


def _live(lives: list[_Life], ops: int) -> tuple[int, ...]:
    change = [0] * (ops + 1)
    for life in lives:
        if ops:
            change[life.first] += life.size_bytes
            change[life.last + 1] -= life.size_bytes
    return tuple(int(total) for total in np.cumsum(np.array(change[:ops], np.int64)))
