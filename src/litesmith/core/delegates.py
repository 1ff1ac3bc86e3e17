"""What delegates take of a model."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from litesmith.core.op_ref import OpRef


class How(Enum):
    """Where a statement about a delegate comes from."""

    MEASURED = "measured"
    TABLE = "Litesmith's table"
    NOTHING = "not measured"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Operators a delegate leaves to the CPU kernels.

    Attributes:
        op: Operator name.
        reason: Why, in one sentence; empty when the delegate does not say.
        ops: Where.
    """

    op: str
    reason: str
    ops: tuple[OpRef, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition:
    """A run of operators that goes to a delegate in one piece.

    Attributes:
        ops: Operator indices in the first subgraph, in execution order.
        reads: Names of the tensors that enter it.
        writes: Names of the tensors that leave it.
    """

    ops: tuple[int, ...]
    reads: tuple[str, ...]
    writes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DelegateUse:
    """What one delegate takes of the first subgraph.

    Attributes:
        delegate: Such as `XNNPACK`.
        how: Measured, or by which table.
        version: Version of the runtime it was measured with, or of what the table describes.
        taken: Operators taken.
        ops: Operators in all.
        partitions: Runs that are taken in one piece.
        refusals: What is not taken, by operator.
        note: What limits the statement, such as that nothing could be measured and why; else empty.
    """

    delegate: str
    how: How
    version: str
    taken: int
    ops: int
    partitions: tuple[Partition, ...]
    refusals: tuple[Refusal, ...]
    note: str = ""
