"""Runs a .tflite natively to see what XNNPACK takes of it, and where its activations lie.

Call it from a worker: native code can end the process it runs in. `probe_in` does, and turns an end into a note.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from litesmith.core.delegates import Partition
from litesmith.core.errors import LitesmithError
from litesmith.core.graph import Subgraph
from litesmith.core.isolated import Worker
from litesmith.core.probe import Probe
from litesmith.core.units import format_size
from litesmith.core.worker_errors import WorkerCrash, WorkerTimeout
from litesmith.runtime.arena import outside, plan
from litesmith.runtime.flatbuffer import read_graph
from litesmith.runtime.interpreter import OpenModel

TIME_LIMIT_S = 8.0
MOST_ARENA_BYTES = 512 << 20
"""A model whose activations take more is not prepared."""
MOST_PACKED_BYTES = 128 << 20
"""Above this file size XNNPACK is not tried: it copies the weights, so that both together exceed twice the file."""
_SPARE_BYTES = 256 << 20
_SAME_BLOCK_BYTES = 64 << 10


def probe_in(worker: Worker, path: Path) -> Probe:
    """Return what a worker measured of a file within `TIME_LIMIT_S`; what could not be measured is a note.

    The two measurements are two calls, so that the end of one leaves the other.

    Raises:
        SourceError: the file is damaged.
    """
    began = time.monotonic()
    arena = _call(worker, "measure_arena", path, TIME_LIMIT_S)
    left = max(TIME_LIMIT_S - (time.monotonic() - began), 0.1)
    pieces = _call(worker, "measure_partitions", path, left)
    return _joined(
        Probe(arena_note=arena) if isinstance(arena, str) else arena,
        Probe(note=pieces) if isinstance(pieces, str) else pieces,
    )


def _call(worker: Worker, function: str, path: Path, timeout_s: float) -> Probe | str:
    """Return a measurement, or why there is none."""
    try:
        made: Probe = worker.call(f"{__name__}:{function}", timeout_s=timeout_s, path=path)
    except WorkerTimeout:
        return f"the runtime took longer than {TIME_LIMIT_S:g} s to prepare the model"
    except WorkerCrash as error:
        return str(error)
    return made


def probe(path: Path) -> Probe:
    """Return what the runtime in this process makes of a file. A refusal is a note, not an error."""
    return _joined(measure_arena(path), measure_partitions(path))


def measure_arena(path: Path) -> Probe:
    """Return the span of the first subgraph's activations in memory, without a delegate.

    The span is that of the tensors of the file: what kernels take for themselves behind the last is not seen.
    """
    subgraph = read_graph(path).main
    planned = plan(subgraph, dynamic=1)
    refusal = _refusal(planned.size_bytes if planned else None)
    if refusal:
        return Probe(arena_note=refusal, **_here())
    try:
        with _limited(path):
            model = OpenModel(path, delegates=False)
    except (LitesmithError, MemoryError) as error:
        return Probe(arena_note=str(error) or "not enough memory to prepare the model", **_here())
    away = outside(subgraph)
    tensors = [tensor.index for tensor in subgraph.activations() if tensor.index not in away]
    block = _largest_block(sorted(model.places(tensors)), planned.size_bytes if planned else 0)
    return Probe(arena_bytes=block, **_here())


def measure_partitions(path: Path) -> Probe:
    """Return what XNNPACK takes of the first subgraph."""
    size = path.stat().st_size
    if size > MOST_PACKED_BYTES:
        reason = (
            f"XNNPACK copies the weights, and the file has {format_size(size)} (limit {format_size(MOST_PACKED_BYTES)})"
        )
        return Probe(note=reason, **_here())
    subgraph = read_graph(path).main
    planned = plan(subgraph, dynamic=1)
    refusal = _refusal(planned.size_bytes if planned else None)
    if refusal:
        return Probe(note=refusal, **_here())
    try:
        with _limited(path):
            nodes = OpenModel(path).delegated()
    except (LitesmithError, MemoryError) as error:
        return Probe(note=str(error) or "not enough memory to prepare the model", **_here())
    return Probe(partitions=tuple(_partition(subgraph, *node) for node in nodes), **_here())


def _here() -> dict[str, Any]:
    import ai_edge_litert

    return {"runtime_version": str(ai_edge_litert.__version__), "machine": platform.machine()}


def _joined(first: Probe, second: Probe) -> Probe:
    return replace(
        first,
        partitions=second.partitions if first.partitions is None else first.partitions,
        note=first.note or second.note,
        arena_bytes=second.arena_bytes if first.arena_bytes is None else first.arena_bytes,
        arena_note=first.arena_note or second.arena_note,
        runtime_version=first.runtime_version or second.runtime_version,
        machine=first.machine or second.machine,
    )


def _refusal(planned_bytes: int | None) -> str:
    if planned_bytes is None or planned_bytes <= MOST_ARENA_BYTES:
        return ""
    return f"its activations take {format_size(planned_bytes)} (limit {format_size(MOST_ARENA_BYTES)})"


@contextmanager
def _limited(path: Path) -> Iterator[None]:
    """Bound the address space of this process: what is mapped now, the file with a copy, an arena and some spare."""
    try:
        import resource
    except ImportError:  # not on Windows, where only the plan bounds the memory
        yield
        return
    pages = Path("/proc/self/statm")
    if not pages.exists():
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    now = int(pages.read_text().split()[0]) * resource.getpagesize()
    most = now + 3 * path.stat().st_size + MOST_ARENA_BYTES + _SPARE_BYTES
    ceiling = [limit for limit in (most, soft, hard) if limit != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_AS, (min(ceiling), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _largest_block(places: Sequence[tuple[int, int]], planned_bytes: int) -> int | None:
    """Return the longest span of (address, bytes) without a gap as wide as the whole arena.

    Tensors whose size is found only while running lie elsewhere.
    """
    spans: list[list[int]] = []
    for start, size in places:
        if spans and start - spans[-1][1] <= max(planned_bytes, _SAME_BLOCK_BYTES):
            spans[-1][1] = max(spans[-1][1], start + size)
        else:
            spans.append([start, start + size])
    return max((end - start for start, end in spans), default=None)


def _partition(subgraph: Subgraph, reads: Sequence[int], writes: Sequence[int]) -> Partition:
    """Return the operators between what a delegate reads and what it writes."""
    makers, inside = subgraph.producers(), set[int]()
    border, waiting = set(reads), list(writes)
    while waiting:
        tensor = waiting.pop()
        maker = makers.get(tensor)
        if tensor in border or maker is None or maker in inside:
            continue
        inside.add(maker)
        waiting += [index for index in subgraph.ops[maker].inputs if index >= 0]
    fed = [index for index in reads if 0 <= index < len(subgraph.tensors) and not subgraph.tensors[index].constant]
    return Partition(
        ops=tuple(sorted(inside)),
        reads=tuple(subgraph.tensors[index].name for index in fed),
        writes=tuple(subgraph.tensors[index].name for index in writes if index < len(subgraph.tensors)),
    )
