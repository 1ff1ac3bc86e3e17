"""`litesmith inspect`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from litesmith.cli.verb import Outcome, Verb, escaped
from litesmith.core.progress import Progress
from litesmith.pipeline.settings import Settings

if TYPE_CHECKING:
    from rich.console import RenderableType

    from litesmith.core.graph import Graph, GraphTensor


def run(settings: Settings, models: Sequence[str], progress: Progress) -> Outcome:
    """Read a file and show its operators and tensors."""
    from litesmith.pipeline.files import inspect

    del models
    graph = inspect(settings.model, progress=progress)
    return Outcome(record=graph, text=_shown(graph))


def _quantization(tensor: GraphTensor) -> str:
    if tensor.scales == 0:
        return ""
    if tensor.scales > 1:
        return f"{tensor.scales} scales"
    return f"{tensor.scale:.6g} / {tensor.zero_point}"


def _shown(graph: Graph) -> RenderableType:
    from rich.console import Group
    from rich.markup import escape
    from rich.table import Table
    from rich.text import Text

    from litesmith.core.units import format_size

    def cell(value: object) -> str:
        return escape(escaped(value))

    stored = sum(op.weight_bytes for op in graph.main.ops)
    head = Text(
        f"{format_size(graph.size_bytes)}, {len(graph.main.ops)} operators, {len(graph.main.tensors)} tensors, "
        f"{format_size(stored)} of weights, signature '{escaped(graph.signature) or 'none'}'"
    )
    counts = Table("operator", "count", "weights", title="Operators by kind", title_justify="left")
    for name, count in graph.main.op_counts().items():
        weights = sum(op.weight_bytes for op in graph.main.ops if op.name == name)
        counts.add_row(cell(name), str(count), format_size(weights))
    ops = Table("#", "operator", "v", "output", "dtype", "shape", "scale / zero point", "weights")
    for op in graph.main.ops:
        made = graph.main.tensors[op.outputs[0]] if op.outputs else None
        ops.add_row(
            str(op.index),
            cell(op.name),
            str(op.version),
            cell(made.name[:60]) if made else "",
            made.dtype if made else "",
            "x".join(map(str, made.shape)) if made else "",
            _quantization(made) if made else "",
            format_size(op.weight_bytes),
        )
    ends = Table("", "name", "dtype", "shape", "scale", "zero point", title="Inputs and outputs", title_justify="left")
    for kind, specs in (("input", graph.input_specs), ("output", graph.output_specs)):
        for spec in specs:
            ends.add_row(
                kind,
                cell(spec.name),
                spec.dtype,
                "x".join(map(str, spec.shape)),
                f"{spec.scale:.9g}" if spec.quantized else "",
                str(spec.zero_point) if spec.quantized else "",
            )
    return Group(head, ends, counts, ops)


PLUGIN = Verb(
    name="inspect",
    summary="operators and tensors of a .tflite",
    models=1,
    settings=(),
    run=run,
)
