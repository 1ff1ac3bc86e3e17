"""The audit of a .tflite as one HTML page that loads nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from litesmith.core.audit import Audit, Inspected
from litesmith.core.graph import Subgraph
from litesmith.core.layers import layer_names
from litesmith.core.model_facts import Share
from litesmith.core.units import format_size
from litesmith.report.audit_lines import (
    arena_bytes,
    broken,
    delegate_text,
    demand_line,
    kept,
    macs_text,
    minimum_text,
    names_text,
)
from litesmith.report.figures import DASH, shape_text
from litesmith.report.page.audit_graph import picture
from litesmith.report.page.headline import Figure
from litesmith.report.page.render import environment
from litesmith.report.text import count, shortened

_TOP = 16
_BODY_OPS = 400
"""Operators listed of each further subgraph."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareView:
    """Operators or layers with what each takes, the largest first; the first few are shown at once."""

    what: str
    rows: tuple[Share, ...]
    shown: int
    weights: int
    macs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyView:
    """A further subgraph: the body of control flow, or another signature."""

    title: str
    kinds: str
    rows: tuple[tuple[int, str, str, str], ...]
    left_out: int


def render_audit(made: Inspected) -> str:
    """Return the page. Every text from the model is escaped, and names of 100,000 characters are shortened."""
    audit, graph = made.audit, made.graph
    operators = sum(len(subgraph.ops) for subgraph in graph.subgraphs)
    return (
        environment()
        .get_template("audit.html.j2")
        .render(
            i=made,
            a=audit,
            name=shortened(made.file.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1], 120),
            figures=tuple(_figures(audit, operators)),
            broken=broken(audit),
            kept=kept(audit),
            operators=operators,
            demand=demand_line(audit.demands),
            picture=picture(graph.main, audit),
            shares=(_shares("Operator", audit.by_op, audit), _shares("Layer", audit.by_layer, audit)),
            bodies=tuple(_body(subgraph) for subgraph in graph.subgraphs[1:]),
        )
    )


def _figures(audit: Audit, operators: int) -> Iterator[Figure]:
    yield Figure(label="Size", value=format_size(audit.size_bytes), note=count(operators, "operator"))
    uncounted = f", without {names_text(audit.macs_uncounted, 2)}" if audit.macs_uncounted else ""
    yield Figure(label="Work", value=macs_text(audit.macs), note=f"multiply-accumulates per inference{uncounted}")
    arena = arena_bytes(audit)
    measured = "measured" if audit.memory.measured_bytes is not None else "planned"
    yield Figure(
        label="Activations",
        value=DASH if arena is None else format_size(arena),
        note="a size is dynamic" if arena is None else measured,
    )
    yield Figure(label="Operators since", value=minimum_text(audit), note="newest TensorFlow release asked for")
    for use in audit.delegates:
        share, _, parts = delegate_text(use).partition(" in ")
        yield Figure(label=use.delegate, value=share, note=f"{f'in {parts}, ' if parts else ''}{use.how.value}")


def _shares(what: str, shares: Sequence[Share], audit: Audit) -> ShareView:
    return ShareView(
        what=what,
        rows=tuple(shares[:500]),
        shown=_TOP,
        weights=max(sum(share.weight_bytes for share in shares), 1),
        macs=max(audit.macs, 1),
    )


def _body(subgraph: Subgraph) -> BodyView:
    names = layer_names(subgraph)
    rows = []
    for op in subgraph.ops[:_BODY_OPS]:
        tensor = next((subgraph.tensors[i] for i in op.outputs if i >= 0), None)
        makes = f"{tensor.dtype} {shape_text(tensor.shape)}" if tensor else ""
        rows.append((op.index, shortened(op.name, 60), shortened(names[op.index], 120), makes))
    return BodyView(
        title=f"{subgraph.index} {shortened(subgraph.name, 80)}".strip(),
        kinds=names_text([f"{name} {number}" for name, number in subgraph.op_counts().items()], 4),
        rows=tuple(rows),
        left_out=len(subgraph.ops) - len(rows),
    )
