"""Health of storage: bytes that are stored twice, and floats where integers were meant."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from litesmith.core.graph import FLOATS, GraphTensor
from litesmith.core.results import Severity
from litesmith.core.units import format_size
from litesmith.inspection.number_types import WEIGHTED, kinds
from litesmith.inspection.symptom import Finding, Symptom
from litesmith.runtime.flatbuffer import ModelFile

_SMALLEST_BYTES = 1024
_SMALLEST_SHARE = 0.01
_SAMPLE_BYTES = 4096
_PIECE_BYTES = 1 << 20
_MOST_SMALL_ELEMENTS = 1024
"""Converters leave smaller weights in float: they would gain nothing."""

TWICE = Symptom(
    code="duplicate-buffers",
    severity=Severity.INFO,
    hint="Let the tensors share a buffer: converting again with a current converter does.",
)
FLOAT_WEIGHTS = Symptom(
    code="float-weights",
    severity=Severity.WARNING,
    hint="See the float islands for why; weights in int8 take a quarter.",
)
Place = tuple[int, GraphTensor]


def storage_findings(file: ModelFile) -> Iterator[Finding]:
    """Yield constants that are stored twice, and float weights in models with integer computation."""
    yield from _twice(file)
    yield from _floats(file)


def _twice(file: ModelFile) -> Iterator[Finding]:
    """Yield groups of buffers with the same bytes. Sizes are compared first, then samples, then all bytes."""
    buffers: dict[int, Place] = {}
    for subgraph in file.graph.subgraphs:
        for tensor in subgraph.tensors:
            if tensor.constant and tensor.size_bytes >= _SMALLEST_BYTES:
                buffers.setdefault(tensor.buffer, (subgraph.index, tensor))
    groups = [list(buffers.values())]
    for key in (_size, _sampled, _hashed):
        groups = [part for group in groups for part in _split(file, group, key)]
    wasted = sum((len(group) - 1) * group[0][1].size_bytes for group in groups)
    if wasted < max(_SMALLEST_BYTES, _SMALLEST_SHARE * file.size_bytes):
        return
    for group in sorted(groups, key=lambda group: -(len(group) - 1) * group[0][1].size_bytes):
        first = group[0][1]
        yield Finding(
            symptom=TWICE,
            subgraph=group[0][0],
            ops=(),
            tensors=tuple(tensor.index for subgraph, tensor in group if subgraph == group[0][0]),
            message=(
                f"the {format_size(first.size_bytes)} of '{first.name}' are stored {len(group)} times; duplicates take"
                f" {format_size(wasted)} of the file"
            ),
            weight=(len(group) - 1) * first.size_bytes,
        )


def _split(file: ModelFile, group: list[Place], key: object) -> list[list[Place]]:
    assert callable(key)
    parts: dict[object, list[Place]] = {}
    for place in group:
        parts.setdefault(key(file, place[1]), []).append(place)
    return [part for part in parts.values() if len(part) > 1]


def _size(file: ModelFile, tensor: GraphTensor) -> int:
    del file
    return tensor.size_bytes


def _sampled(file: ModelFile, tensor: GraphTensor) -> bytes:
    """Return the hash of the first, middle and last bytes, which tell nearly all weights apart."""
    stored = file.raw(tensor)
    middle = len(stored) // 2
    found = hashlib.blake2b(digest_size=16)
    for part in (stored[:_SAMPLE_BYTES], stored[middle : middle + _SAMPLE_BYTES], stored[-_SAMPLE_BYTES:]):
        found.update(part)
    return found.digest()


def _hashed(file: ModelFile, tensor: GraphTensor) -> bytes:
    stored, found = file.raw(tensor), hashlib.blake2b(digest_size=16)
    for start in range(0, len(stored), _PIECE_BYTES):
        found.update(stored[start : start + _PIECE_BYTES])
    return found.digest()


def _floats(file: ModelFile) -> Iterator[Finding]:
    """Yield float weights of operators in models of which some operators compute in integers."""
    subgraphs = file.graph.subgraphs
    if not any(kind.integer or kind.hybrid for subgraph in subgraphs for kind in kinds(subgraph)):
        return
    for subgraph in subgraphs:
        for op in subgraph.ops:
            for place in WEIGHTED.get(op.name, ()):
                index = op.inputs[place] if place < len(op.inputs) else -1
                tensor = subgraph.tensors[index] if index >= 0 else None
                if tensor is None or not tensor.constant or tensor.dtype not in FLOATS:
                    continue
                if tensor.size_bytes >= 4 * _MOST_SMALL_ELEMENTS:
                    yield Finding(
                        symptom=FLOAT_WEIGHTS,
                        subgraph=subgraph.index,
                        ops=(op.index,),
                        tensors=(index,),
                        message=(
                            f"{op.name} '{tensor.name}' holds {format_size(tensor.size_bytes)} of {tensor.dtype} in a"
                            " quantized model"
                        ),
                        weight=tensor.size_bytes,
                    )
