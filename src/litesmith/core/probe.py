"""What running a model natively showed of it, besides its answers."""

from __future__ import annotations

from dataclasses import dataclass

from litesmith.core.delegates import Partition


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What the runtime on this computer made of one .tflite.

    Attributes:
        partitions: What XNNPACK took of the first subgraph, in the order it runs; None when that was not measured.
        arena_bytes: Span of the activations in memory without a delegate; None when it was not measured.
        runtime_version: Of the runtime.
        machine: Processor architecture it ran on, such as `x86_64`.
        note: What limits `partitions`, such as why there are none; else empty.
        arena_note: What limits `arena_bytes`; else empty.
    """

    partitions: tuple[Partition, ...] | None = None
    arena_bytes: int | None = None
    runtime_version: str = ""
    machine: str = ""
    note: str = ""
    arena_note: str = ""
