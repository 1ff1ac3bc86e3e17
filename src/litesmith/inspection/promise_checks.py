"""Checks of promises: each answers whether it holds for a file, what was found, and which operators break it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from litesmith.core.audit import Audit, Precision
from litesmith.core.delegates import How
from litesmith.core.graph import FLOATS, Graph
from litesmith.core.op_ref import OpRef
from litesmith.core.units import format_size
from litesmith.inspection import runtimes
from litesmith.inspection.islands import converted_ends
from litesmith.inspection.number_types import kinds

_CHANNELLED = ("CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV")


@dataclass(frozen=True, slots=True)
class Facts:
    """What promises are held against.

    Attributes:
        graph: The file's operators and tensors.
        audit: What was found, without promises.
        layers: Layer names of each subgraph's operators.
    """

    graph: Graph
    audit: Audit
    layers: Mapping[int, Sequence[str]]

    def refs(self, wanted: Callable[[Any, Any], bool]) -> tuple[OpRef, ...]:
        """Return the operators for which `wanted(subgraph, op)` holds."""
        return tuple(
            OpRef(subgraph=graph.index, index=op.index, op=op.name, layer=self.layers[graph.index][op.index])
            for graph in self.graph.subgraphs
            for op in graph.ops
            if wanted(graph, op)
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether a promise holds, what was found, and the operators that break it."""

    met: bool
    found: str
    ops: tuple[OpRef, ...] = ()


def precision_is(*wanted: Precision) -> Callable[[Facts, Any], Answer]:
    """Return the check that the whole model computes in one of these ways."""

    def check(facts: Facts, value: Any) -> Answer:
        del value
        found = facts.audit.precision
        met = found in wanted
        text = f"it is {found.value}"
        if met and found in (Precision.FULL_INT8, Precision.FULL_INT16):
            return Answer(met, f"{text}{_interface(facts)}")
        integer = wanted[0] in (Precision.FULL_INT8, Precision.FULL_INT16)
        return Answer(met, text, () if met or not integer else _floating(facts))

    return check


def _interface(facts: Facts) -> str:
    """Return what is converted at the ends of an integer model."""
    taken, made = converted_ends(facts.graph)
    said = [f"input '{name}' is float and quantized first" for name in taken]
    said += [f"output '{name}' is dequantized to float last" for name in made]
    return "; " + ", ".join(said) if said else ""


def _floating(facts: Facts) -> tuple[OpRef, ...]:
    ways = {graph.index: kinds(graph) for graph in facts.graph.subgraphs}
    return facts.refs(lambda graph, op: ways[graph.index][op.index].floating)


def no_float(facts: Facts, value: Any) -> Answer:
    """Tell whether no tensor that an operator reads or writes is float."""
    del value
    ops = facts.refs(
        lambda graph, op: any(i >= 0 and graph.tensors[i].dtype in FLOATS for i in (*op.inputs, *op.outputs))
    )
    ends = [end.spec.name for end in (*facts.audit.inputs, *facts.audit.outputs) if end.spec.dtype in FLOATS]
    if not ops and not ends:
        return Answer(True, "no tensor is float")
    said = f"{len(ops)} of its operators read or write float"
    return Answer(False, f"{said}; float inputs and outputs: {', '.join(ends)}" if ends else said, ops)


def no_islands(facts: Facts, value: Any) -> Answer:
    """Tell whether there is no float island."""
    del value
    found = facts.audit.islands
    if found:
        moved = sum(island.converted_bytes for island in found)
        text = f"{_count(len(found), 'float island')}, {format_size(moved)} converted at the edges per inference"
        return Answer(False, text, tuple(ref for island in found for ref in island.ops))
    integer = facts.audit.precision in (Precision.FULL_INT8, Precision.FULL_INT16)
    return Answer(True, "no float island" if integer else f"no float island, as it is {facts.audit.precision.value}")


def ends_are(*sides: str) -> Callable[[Facts, str], Answer]:
    """Return the check that inputs, outputs or both are of one number type."""

    def check(facts: Facts, value: str) -> Answer:
        found = [
            (side, end.spec)
            for side, ends in (("input", facts.audit.inputs), ("output", facts.audit.outputs))
            if side in sides
            for end in ends
        ]
        wrong = [(side, spec) for side, spec in found if spec.dtype != value]
        told = wrong or found
        text = ", ".join(f"{side} '{spec.name}' is {spec.dtype}" for side, spec in told) or "there is none"
        return Answer(bool(found) and not wrong, text)

    return check


def without_foreign(*, select_tf: bool, custom: bool) -> Callable[[Facts, Any], Answer]:
    """Return the check that operators of these kinds do not occur."""

    def check(facts: Facts, value: Any) -> Answer:
        del value
        found = [op for op in facts.audit.foreign_ops if (op.select_tf and select_tf) or (not op.select_tf and custom)]
        text = ", ".join(f"{op.name} ({_count(len(op.ops), 'time')})" for op in found) or "none"
        return Answer(not found, text, tuple(ref for op in found for ref in op.ops))

    return check


def static_shapes(facts: Facts, value: Any) -> Answer:
    """Tell whether no activation has a dynamic size."""
    del value
    dynamic = [t for graph in facts.graph.subgraphs for t in graph.activations() if any(d < 0 for d in t.shape)]
    names = ", ".join(f"'{t.name}'" for t in dynamic[:3]) + (", ..." if len(dynamic) > 3 else "")
    text = f"{_count(len(dynamic), 'tensor')} of dynamic size: {names}" if dynamic else "every size is known"
    return Answer(not dynamic, text)


def batch_is(facts: Facts, value: int) -> Answer:
    """Tell whether the first dimension of every input is the one asked for."""
    found = {end.spec.name: end.spec.shape[0] if end.spec.shape else None for end in facts.audit.inputs}
    text = ", ".join(
        f"input '{name}' has {'no dimension' if size is None else 'a dynamic batch' if size < 0 else f'batch {size}'}"
        for name, size in found.items()
    )
    return Answer(bool(found) and all(size == value for size in found.values()), text or "there is no input")


def runtime_at_most(name: str) -> Callable[[Facts, str], Answer]:
    """Return the check that a release of this runtime opens the file."""

    def check(facts: Facts, value: str) -> Answer:
        need = runtimes.minimum_of(facts.audit.runtimes, name)
        if not need.minimum:
            return Answer(False, f"no release of {name} is known to run it: {need.note}")
        met = runtimes.release(need.minimum) <= runtimes.release(value)
        by = runtimes.demanding(facts.audit.demands, name, need.minimum)
        text = f"{name} {need.minimum} at least"
        return Answer(
            met, f"{text}, for {runtimes.some([d.op for d in by])}" if by else text, tuple(d.first for d in by)
        )

    return check


def size_at_most(facts: Facts, value: int) -> Answer:
    """Tell whether the file is small enough, in bytes."""
    return Answer(facts.audit.size_bytes <= value, f"{format_size(facts.audit.size_bytes)}")


def ops_at_most(facts: Facts, value: int) -> Answer:
    """Tell whether there are few enough operators."""
    count = sum(len(graph.ops) for graph in facts.graph.subgraphs)
    return Answer(count <= value, _count(count, "operator"))


def macs_at_most(facts: Facts, value: int) -> Answer:
    """Tell whether there is little enough work; work that is not known is too much."""
    uncounted = facts.audit.macs_uncounted
    text = f"{facts.audit.macs:,} multiply-accumulates"
    if uncounted:
        return Answer(False, f"{text} and those of {', '.join(uncounted)}, which are not known")
    return Answer(facts.audit.macs <= value, text)


def taken_whole(facts: Facts, value: str) -> Answer:
    """Tell whether a delegate takes every operator."""
    use = next((use for use in facts.audit.delegates if _key(use.delegate) == value), None)
    if use is None:
        known = ", ".join(_key(use.delegate) for use in facts.audit.delegates) or "none"
        return Answer(False, f"nothing is known of it; delegates looked at: {known}")
    if use.how is How.NOTHING:
        return Answer(False, f"not measured: {use.note}")
    text = f"{use.delegate} takes {use.taken} of {use.ops} operators"
    refused = tuple(ref for refusal in use.refusals for ref in refusal.ops)
    return Answer(use.ops > 0 and use.taken == use.ops, f"{text}; {use.note}" if use.note else text, refused)


def partitions_at_most(facts: Facts, value: int) -> Answer:
    """Tell whether XNNPACK takes it in few enough pieces."""
    use = next((use for use in facts.audit.delegates if _key(use.delegate) == "xnnpack"), None)
    if use is None or use.how is How.NOTHING:
        return Answer(False, f"not measured{f': {use.note}' if use is not None else ''}")
    return Answer(len(use.partitions) <= value, f"{use.delegate} makes {_count(len(use.partitions), 'partition')}")


def per_channel(facts: Facts, value: Any) -> Answer:
    """Tell whether every convolution with several channels has several scales."""
    del value

    def single(graph: Any, op: Any) -> bool:
        if op.name not in _CHANNELLED or len(op.inputs) < 2 or op.inputs[1] < 0:
            return False
        weights = graph.tensors[op.inputs[1]]
        axis = 3 if op.name == "DEPTHWISE_CONV_2D" else 0
        channels = weights.shape[axis] if len(weights.shape) == 4 else 1
        return weights.constant and weights.scales == 1 and channels > 1

    ops = facts.refs(single)
    text = (
        f"{_count(len(ops), 'convolution')} with one scale for all channels" if ops else "no convolution with one scale"
    )
    return Answer(not ops, text, ops)


def _key(delegate: str) -> str:
    return delegate.lower().replace(" ", "-").removesuffix("-delegate")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
