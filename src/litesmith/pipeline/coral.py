"""What is known of a model on a Coral Edge TPU: whether it was compiled for it, and what it would take."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from litesmith.core.layers import layer_names
from litesmith.core.registry import load_plugin
from litesmith.core.results import Finding, Severity
from litesmith.inspection.delegate import PACKAGE, Delegate
from litesmith.runtime.flatbuffer import ModelFile

COMPILED = "edgetpu-custom-op"
"""The operator that edgetpu_compiler puts in the place of what it took."""


def is_compiled(op_counts: Mapping[str, int]) -> bool:
    """Tell whether a model went through edgetpu_compiler."""
    return COMPILED in op_counts


def edge_tpu_findings(path: Path, op_counts: Mapping[str, int]) -> tuple[Finding, ...]:
    """Return what the audit's table says the Edge TPU takes, and a warning for a model that was not compiled for it.

    Raises:
        SourceError: the file is damaged.
    """
    if is_compiled(op_counts):
        left = sum(op_counts.values()) - op_counts[COMPILED]
        return (
            Finding(
                code="edgetpu-operators",
                severity=Severity.INFO,
                message=f"was compiled for the Edge TPU; {left} operators beside the compiled part run on the CPU",
            ),
        )
    delegate: Delegate = load_plugin(PACKAGE, "edge_tpu", kind="delegate")
    with ModelFile(path) as file:
        layers = {subgraph.index: layer_names(subgraph) for subgraph in file.graph.subgraphs}
        use = delegate.use(file, layers, None)
    reasons = "; ".join(f"{left.op}: {left.reason}" for left in use.refusals[:2])
    return (
        Finding(
            code="edgetpu-not-compiled",
            severity=Severity.WARNING,
            message="was not compiled for the Edge TPU, so the delegate takes nothing of it and all runs on the CPU",
            hint="Compile a full-int8 model first: edgetpu_compiler FILE.tflite",
        ),
        Finding(
            code="edgetpu-operators",
            severity=Severity.INFO,
            message=f"the Edge TPU would take {use.taken} of {use.ops} operators, by {use.how.value} ({use.version})"
            + (f"; not {reasons}" if reasons else ""),
        ),
    )
