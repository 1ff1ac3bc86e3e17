"""What a delegate is: something that takes operators off the CPU kernels, and a way to tell which."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from litesmith.core.delegates import DelegateUse, How, Refusal
from litesmith.core.graph import Subgraph
from litesmith.core.op_ref import OpRef
from litesmith.core.probe import Probe
from litesmith.core.registry import load_plugins
from litesmith.runtime.flatbuffer import ModelFile

PACKAGE = "litesmith.inspection.delegates"
Layers = Mapping[int, tuple[str, ...]]
_ORDER = (How.MEASURED, How.NOTHING, How.TABLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegate:
    """One delegate.

    Attributes:
        name: File name of the plugin.
        summary: One line for people.
        use: Takes the open file, the layer of each operator by subgraph and what was measured, and returns what the
            delegate takes.
    """

    name: str
    summary: str
    use: Callable[[ModelFile, Layers, Probe | None], DelegateUse]


def uses(file: ModelFile, layers: Layers, probe: Probe | None) -> tuple[DelegateUse, ...]:
    """Return what each delegate takes of a model's first subgraph, measured statements first."""
    found: dict[str, Delegate] = load_plugins(PACKAGE, kind="delegate")
    made = [delegate.use(file, layers, probe) for delegate in found.values()]
    return tuple(sorted(made, key=lambda use: (_ORDER.index(use.how), use.delegate)))


def references(subgraph: Subgraph, layers: Layers, indices: Iterable[int]) -> tuple[OpRef, ...]:
    """Return where operators are, by their indices."""
    names = layers.get(subgraph.index, ())
    return tuple(
        OpRef(
            subgraph=subgraph.index,
            index=index,
            op=subgraph.ops[index].name,
            layer=names[index] if index < len(names) else "",
        )
        for index in indices
    )


def refusals(subgraph: Subgraph, layers: Layers, reasons: Mapping[int, str]) -> tuple[Refusal, ...]:
    """Return refused operators by operator name and reason, the most frequent first.

    Args:
        subgraph: The graph.
        layers: Layer of each operator, by subgraph.
        reasons: Why, by operator index.
    """
    groups: dict[tuple[str, str], list[int]] = {}
    for index, reason in sorted(reasons.items()):
        groups.setdefault((subgraph.ops[index].name, reason), []).append(index)
    made = [
        Refusal(op=name, reason=reason, ops=references(subgraph, layers, indices))
        for (name, reason), indices in groups.items()
    ]
    return tuple(sorted(made, key=lambda refusal: -len(refusal.ops)))
