"""One operator with the tensors it reads and writes, as rules about operators look at it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from litesmith.core.graph import GraphOp, GraphTensor, Subgraph
from litesmith.runtime.flatbuffer import ModelFile

_MOST_NUMBERS = 64


@dataclass(frozen=True, slots=True)
class OpView:
    """An operator and its tensors.

    Attributes:
        op: The operator.
        inputs: What it reads; None for an omitted optional input.
        outputs: What it writes.
        file: Where constants are read.
    """

    op: GraphOp
    inputs: tuple[GraphTensor | None, ...]
    outputs: tuple[GraphTensor, ...]
    file: ModelFile

    @property
    def fed(self) -> int:
        """Number of inputs that are computed."""
        return sum(1 for tensor in self.inputs if tensor is not None and not tensor.constant)

    @property
    def fixed(self) -> int:
        """Number of inputs that are constants."""
        return sum(1 for tensor in self.inputs if tensor is not None and tensor.constant)

    def input(self, place: int) -> GraphTensor | None:
        """Return an input; None where it is omitted or there are fewer."""
        return self.inputs[place] if place < len(self.inputs) else None

    def shape(self, place: int) -> tuple[int, ...]:
        """Return an input's shape; empty where there is no such input."""
        tensor = self.input(place)
        return tensor.shape if tensor is not None else ()

    def dtype(self, place: int) -> str:
        """Return an input's number type; empty where there is no such input."""
        tensor = self.input(place)
        return tensor.dtype if tensor is not None else ""

    def constant(self, place: int) -> bool:
        """Return whether an input is a constant."""
        tensor = self.input(place)
        return tensor is not None and tensor.constant

    def numbers(self, place: int) -> tuple[int, ...] | None:
        """Return a short constant of integers, such as axes; None where it is none."""
        tensor = self.input(place)
        values = self.file.values(tensor) if tensor is not None and tensor.dtype in {"int32", "int64"} else None
        return None if values is None or values.size > _MOST_NUMBERS else tuple(int(value) for value in values.flat)

    def option(self, name: str, default: int = 0) -> float:
        """Return a builtin option as a number; the default where the file does not say."""
        return float(self.op.options.get(name, default))


Rule = Callable[[OpView], str]
"""Returns why an operator is refused; empty where it is not."""


def view(file: ModelFile, subgraph: Subgraph, op: GraphOp) -> OpView:
    """Return an operator with its tensors."""
    return OpView(
        op=op,
        inputs=tuple(subgraph.tensors[i] if i >= 0 else None for i in op.inputs),
        outputs=tuple(subgraph.tensors[i] for i in op.outputs if i >= 0),
        file=file,
    )


def first(*rules: Rule) -> Rule:
    """Return a rule that gives the first reason of several."""
    return lambda seen: next((reason for rule in rules if (reason := rule(seen))), "")


def axes(seen: OpView) -> tuple[int, ...] | None:
    """Return the constant axes in the second input, counted from the front; None where they are not constant."""
    found, rank = seen.numbers(1), len(seen.shape(0))
    return None if found is None or not rank else tuple(axis % rank for axis in found)


def elements(shape: tuple[int, ...]) -> int:
    """Return the number of elements; dynamic dimensions count as one.

    >>> elements((-1, 3, 4))
    12
    """
    return math.prod(1 if size < 0 else size for size in shape)
