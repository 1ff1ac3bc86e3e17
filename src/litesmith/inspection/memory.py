"""The memory that activations need: planned, and where it peaks."""

from __future__ import annotations

from collections.abc import Mapping

from litesmith.core.graph import Subgraph
from litesmith.core.op_ref import OpRef
from litesmith.inspection.delegate import references
from litesmith.runtime.arena import plan


def planned(subgraph: Subgraph, layers: Mapping[int, tuple[str, ...]]) -> tuple[int | None, OpRef | None]:
    """Return the bytes that the runtime's planner needs without a delegate, and the operator during which most is used.

    None where a size is dynamic: how large it becomes is known only while running.
    """
    made = plan(subgraph)
    if made is None:
        return None, None
    if not made.live_bytes:
        return made.size_bytes, None
    busiest = made.live_bytes.index(max(made.live_bytes))
    return made.size_bytes, references(subgraph, layers, [busiest])[0]
