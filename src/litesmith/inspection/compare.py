"""How two .tflite files differ, without running them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from litesmith.core.comparison import Change, ConstantDifference, Structure, TensorPair
from litesmith.core.graph import Graph, GraphOp, GraphTensor, Signature, Subgraph
from litesmith.core.layers import layer_names
from litesmith.core.tensors import TensorSpec
from litesmith.core.units import format_size
from litesmith.inspection.constants import constant_differences
from litesmith.inspection.matching import Match, matched
from litesmith.inspection.runtimes import demands
from litesmith.inspection.work import shares
from litesmith.runtime.flatbuffer import ModelFile


def structure(first: ModelFile, second: ModelFile) -> Structure:
    """Return the structural differences of two open files.

    Subgraphs are compared by position, operators as `matched` pairs them, constants by the operators that read them.
    """
    a, b = first.graph, second.graph
    changes = [*_file(a, b), *_ends(a, b), *_signatures(a, b), *_metadata(a, b), *_subgraphs(a, b)]
    constants: list[ConstantDifference] = []
    pairs: list[TensorPair] = []
    compared = 0
    for one, other in zip(a.subgraphs, b.subgraphs, strict=False):
        matches = matched(one, other)
        for match in matches:
            changes += _operator(match, one, other)
        differing, count = constant_differences(first, second, one.index, matches)
        constants += differing
        compared += count
        pairs += _pairs(matches, one, other) if one.index == 0 else []
    return Structure(
        changes=tuple(changes), constants=tuple(constants), constants_compared=compared, pairs=tuple(pairs)
    )


def _changed(what: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Change]:
    """Yield what differs between two tables of texts, in the order of the first."""
    for name in dict.fromkeys((*before, *after)):
        old, new = before.get(name, ""), after.get(name, "")
        if old != new or (name in before) != (name in after):
            yield Change(what=what, name=name, before=old, after=new)


def _file(a: Graph, b: Graph) -> Iterator[Change]:
    yield from _changed("file", _file_facts(a), _file_facts(b))


def _file_facts(graph: Graph) -> dict[str, str]:
    layers = {subgraph.index: layer_names(subgraph) for subgraph in graph.subgraphs}
    needed = demands(graph, layers)
    return {
        "size": f"{format_size(graph.size_bytes)} ({graph.size_bytes:,} bytes)",
        "operators": str(sum(len(s.ops) for s in graph.subgraphs)),
        "multiply-accumulates": f"{shares(graph, layers).macs:,}",
        "needs TensorFlow": (needed[0].since or "unknown") if needed else "any",
        "subgraphs": str(len(graph.subgraphs)),
        "description": graph.description,
    }


def _ends(a: Graph, b: Graph) -> Iterator[Change]:
    yield from _specs("input", a.input_specs, b.input_specs)
    yield from _specs("output", a.output_specs, b.output_specs)


def _specs(what: str, before: Sequence[TensorSpec], after: Sequence[TensorSpec]) -> Iterator[Change]:
    """Yield changed inputs or outputs, by name where both have the same names, else by position."""
    names = [s.name for s in before], [s.name for s in after]
    if sorted(names[0]) == sorted(names[1]) and len(set(names[0])) == len(names[0]):
        yield from _changed(
            what,
            {s.name: spec_text(s) for s in before},
            {s.name: spec_text(s) for s in after},
        )
        return
    left = {str(i): f"{s.name}: {spec_text(s)}" for i, s in enumerate(before)}
    yield from _changed(what, left, {str(i): f"{s.name}: {spec_text(s)}" for i, s in enumerate(after)})


def spec_text(spec: TensorSpec) -> str:
    """Return an input or output in a few words.

    >>> spec_text(TensorSpec(name="x", dtype="int8", shape=(1, 4), scale=0.5, zero_point=-3))
    'int8 [1, 4], scale 0.5, zero point -3'
    """
    quantized = f", scale {spec.scale:.6g}, zero point {spec.zero_point}" if spec.quantized else ""
    return f"{spec.dtype} {list(spec.shape)}{quantized}"


def _signatures(a: Graph, b: Graph) -> Iterator[Change]:
    yield from _changed("signature", _by_key(a.signatures), _by_key(b.signatures))


def _by_key(signatures: Sequence[Signature]) -> dict[str, str]:
    return {s.key: f"({', '.join(s.inputs)}) -> ({', '.join(s.outputs)})" for s in signatures}


def _metadata(a: Graph, b: Graph) -> Iterator[Change]:
    before, after = ({m.name: m.text or format_size(m.size_bytes) for m in graph.metadata} for graph in (a, b))
    yield from _changed("metadata", before, after)


def _subgraphs(a: Graph, b: Graph) -> Iterator[Change]:
    shared = min(len(a.subgraphs), len(b.subgraphs))
    for subgraph in a.subgraphs[shared:]:
        yield Change(what="subgraph", name=_subgraph(subgraph), before=f"{len(subgraph.ops)} operators", after="")
    for subgraph in b.subgraphs[shared:]:
        yield Change(what="subgraph", name=_subgraph(subgraph), before="", after=f"{len(subgraph.ops)} operators")


def _subgraph(subgraph: Subgraph) -> str:
    return f"{subgraph.index} {subgraph.name}".strip()


def _operator(match: Match, a: Subgraph, b: Subgraph) -> Iterator[Change]:
    """Yield what differs between two matched operators and what they make."""
    one, other = match.first, match.second
    kind = one.name if one else other.name if other else ""
    name = f"{kind} {match.layer}".strip()
    if a.index:
        name = f"subgraph {a.index}: {name}"
    if one is None or other is None:
        yield Change(what="op", name=name, before=one.name if one else "", after=other.name if other else "")
        return
    if one.version != other.version:
        yield Change(what="version", name=name, before=str(one.version), after=str(other.version))
    yield from _changed("options", _options(one, name), _options(other, name))
    for left, right in zip(one.outputs, other.outputs, strict=False):
        if left >= 0 and right >= 0:
            yield from _tensor(name, a.tensors[left], b.tensors[right])


def _options(op: GraphOp, name: str) -> dict[str, str]:
    return {f"{name}: {key}": str(value) for key, value in op.options.items()}


def _tensor(name: str, a: GraphTensor, b: GraphTensor) -> Iterator[Change]:
    before, after = (f"{t.dtype} {list(t.shape)}" for t in (a, b))
    if before != after:
        yield Change(what="tensor", name=name, before=before, after=after)
    elif (a.scales, a.scale, a.zero_point) != (b.scales, b.scale, b.zero_point):
        yield Change(what="range", name=name, before=_range(a), after=_range(b))


def _range(tensor: GraphTensor) -> str:
    if not tensor.scales:
        return "none"
    several = f", first of {tensor.scales}" if tensor.scales > 1 else ""
    return f"scale {tensor.scale:.6g}, zero point {tensor.zero_point}{several}"


def _pairs(matches: Sequence[Match], a: Subgraph, b: Subgraph) -> Iterator[TensorPair]:
    """Yield computed tensors that both files have: of one name, or made by operators that certainly match."""
    for match in matches:
        if match.first is None or match.second is None:
            continue
        for left, right in zip(match.first.outputs, match.second.outputs, strict=False):
            if min(left, right) < 0:
                continue
            one, other = a.tensors[left], b.tensors[right]
            if one.shape == other.shape and (match.certain or one.name == other.name):
                maker = f"{match.first.name} {match.layer}".strip()
                yield TensorPair(name=one.name, op=maker, first=left, second=right)
