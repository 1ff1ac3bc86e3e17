"""The card of a bundled model: what is known of it, from the file and from the report of the run that made it."""

from __future__ import annotations

from pathlib import Path

from litesmith.core.audit import Audit
from litesmith.core.bundle import ModelCard
from litesmith.core.deployment import Deployment
from litesmith.core.environment import versions
from litesmith.core.preprocessing import Preprocessing
from litesmith.core.results import Variant
from litesmith.core.tensors import TensorSpec

_RUNTIME = "ai-edge-litert"


def variant_of(report: Deployment, digest: str) -> Variant | None:
    """Return the variant of a report that is the file with this sha256; None where none is."""
    return next((variant for variant in report.variants if variant.sha256 == digest), None)


def name_of(model: Path, digest: str, report: Deployment | None) -> str:
    """Return what to call a model: its file's name, or source and scheme where a report says them.

    Deploy names files by their schemes, and every model has an `int8.tflite`.
    """
    variant = variant_of(report, digest) if report is not None else None
    if report is None or variant is None or model.stem != variant.scheme:
        return model.stem
    return f"{Path(report.source.path).stem}-{variant.scheme}"


def card_of(
    name: str,
    audit: Audit,
    *,
    ends: tuple[tuple[TensorSpec, ...], tuple[TensorSpec, ...]],
    preprocessing: Preprocessing | None,
    labels: int,
    report: Deployment | None,
    runtime: str = _RUNTIME,
) -> ModelCard:
    """Return what is known of a model.

    Args:
        name: From `name_of`.
        audit: Of the file.
        ends: Its inputs and outputs as the runtime sees them.
        preprocessing: How samples become inputs; None for a model that takes tensors as they are.
        labels: How many came with it.
        report: Of the run that made it, if there is one that has it among its variants.
        runtime: How the runtime is called that the bundle runs on, as the audit names it.
    """
    variant = variant_of(report, audit.sha256) if report is not None else None
    known = report.environment.versions if report is not None and variant is not None else {}
    found = (need for need in audit.runtimes if need.runtime.startswith(f"{runtime} "))
    return ModelCard(
        name=name,
        sha256=audit.sha256,
        size_bytes=audit.size_bytes,
        scheme=audit.precision.value,
        source=Path(report.source.path).name
        if report is not None and variant is not None
        else "",  # it is to be shipped
        source_sha256=report.source.sha256 if report is not None and variant is not None else "",
        inputs=ends[0],
        outputs=ends[1],
        preprocessing=preprocessing,
        labels=labels,
        evaluation=variant.evaluation if variant is not None else None,
        benchmarks=variant.benchmarks if variant is not None else (),
        min_runtime=next((f"{n.runtime} {n.minimum}" for n in found), ""),
        versions={**versions(), **known},
    )
