"""The tables of an audit on the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text

from litesmith.core.audit import Audit
from litesmith.core.graph import GraphTensor, Subgraph
from litesmith.core.layers import layer_names
from litesmith.core.model_facts import Share
from litesmith.core.tensors import TensorSpec
from litesmith.core.units import format_percent, format_size
from litesmith.report.audit_lines import macs_text, names_text
from litesmith.report.figures import DASH, shape_text
from litesmith.report.terminal.plain import ByWidth, Name, heading, plain_table
from litesmith.report.text import clean, count, shortened

_WIDE = 100
"""Columns from which operators are listed with their scales."""


def _scale(spec: TensorSpec) -> str:
    return f"{spec.scale:.6g} / {spec.zero_point}" if spec.quantized else DASH


def ends_table(audit: Audit) -> Iterator[RenderableType]:
    """Yield inputs and outputs, then what bytes to feed and read."""
    ends = [("input", end) for end in audit.inputs] + [("output", end) for end in audit.outputs]
    rows: list[list[RenderableType]] = [
        [
            way,
            Name(end.spec.name, most=40),
            end.spec.dtype,
            shape_text(end.spec.shape),
            _scale(end.spec),
            DASH if end.size_bytes is None else f"{end.size_bytes:,}",
        ]
        for way, end in ends
    ]
    yield plain_table(("", "name", "type", "shape", "scale / zero point", "bytes"), rows, right=(5,))
    for _, end in ends:
        if end.bytes:
            name = clean(shortened(end.spec.name, 40))
            yield Text.assemble((f"{name}  ", "bold"), (clean(end.bytes), "dim"), overflow="fold")


def shares_table(what: str, shares: Sequence[Share], macs: int, *, most: int) -> RenderableType:
    """Return what operators or layers take of the file and the work, the largest first."""
    rows: list[list[RenderableType]] = [
        [
            Name(share.name or "(none)"),
            f"{share.ops:,}",
            format_size(share.weight_bytes) if share.weight_bytes else DASH,
            macs_text(share.macs) if share.macs else DASH,
            format_percent(share.macs / macs) if macs and share.macs else DASH,
        ]
        for share in shares[:most]
    ]
    if len(shares) > most:
        rest = shares[most:]
        weights, work = sum(s.weight_bytes for s in rest), sum(s.macs for s in rest)
        rows.append(
            [
                f"{len(rest):,} more",
                f"{sum(s.ops for s in rest):,}",
                format_size(weights) if weights else DASH,
                macs_text(work) if work else DASH,
                format_percent(work / macs) if macs and work else DASH,
            ]
        )
    return plain_table((f"by {what}", "ops", "weights", "MACs", "of work"), rows, right=(1, 2, 3, 4))


def metadata_rows(audit: Audit) -> Iterator[tuple[str, RenderableType]]:
    """Yield signatures and metadata."""
    for signature in audit.signatures:
        ends = f"({names_text(signature.inputs)}) \u2192 ({names_text(signature.outputs)})"
        yield "Signature", Text(f"{clean(shortened(signature.key, 60))}{clean(ends)}", overflow="fold")
    for entry in audit.metadata:
        says = f": {shortened(entry.says, 500)}" if entry.says else ""
        text = f"{shortened(entry.name, 60)} ({format_size(entry.size_bytes)}){says}"
        yield "Metadata", Text(clean(text), overflow="fold")


def operators_table(subgraph: Subgraph, audit: Audit, *, several: bool) -> Iterator[RenderableType]:
    """Yield all operators of a subgraph, float islands marked."""
    title = "Operators"
    if several:
        title = f"Subgraph {subgraph.index} {shortened(subgraph.name, 60)}".strip()
    yield heading(title, count(len(subgraph.ops), "operator"))
    islands = {(ref.subgraph, ref.index) for island in audit.islands for ref in island.ops}
    rows: list[list[RenderableType]] = []
    for op, layer in zip(subgraph.ops, layer_names(subgraph), strict=True):
        made = next((subgraph.tensors[i] for i in op.outputs if i >= 0), None)
        island = (subgraph.index, op.index) in islands
        rows.append(
            [
                str(op.index),
                Name(op.name, style="yellow" if island else "", most=32, least=17),
                str(op.version),
                Name(layer),
                made.dtype if made else DASH,
                shape_text(made.shape) if made else DASH,
                _quantization(made) if made else DASH,
                format_size(op.weight_bytes) if op.weight_bytes else DASH,
            ]
        )
    columns = ("#", "operator", "v", "layer", "type", "shape", "scale / zero point", "weights")

    def table(width: int) -> RenderableType:
        if width >= _WIDE:
            return plain_table(columns, rows, right=(0, 7))
        return plain_table([*columns[:6], columns[7]], [[*row[:6], row[7]] for row in rows], right=(0, 6))

    yield ByWidth(table)


def _quantization(tensor: GraphTensor) -> str:
    if tensor.scales == 0:
        return DASH
    if tensor.scales > 1:
        return f"{tensor.scales} scales"
    return f"{tensor.scale:.4g} / {tensor.zero_point}"
