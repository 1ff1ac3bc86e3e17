"""Where in a .tflite something is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class OpRef:
    """One operator of a file, so that it can be found.

    Attributes:
        subgraph: Index.
        index: Position in the subgraph.
        op: Operator name.
        layer: The user's layer it comes from, read from its tensor's name; the name itself where it tells no layer.
    """

    subgraph: int
    index: int
    op: str
    layer: str
