"""Quantization health: what in the numbers of a file costs accuracy, memory or speed.

Only what the file holds can be judged: how activations use their ranges needs data. Rules on scales and zero points are
those of the specification, https://ai.google.dev/edge/litert/models/quantization_spec.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from litesmith.core.audit import HealthIssue
from litesmith.core.results import Severity
from litesmith.inspection.delegate import references
from litesmith.inspection.metadata_health import metadata_findings
from litesmith.inspection.scale_health import scale_findings
from litesmith.inspection.state_health import state_findings
from litesmith.inspection.storage_health import storage_findings
from litesmith.inspection.symptom import Finding, Symptom
from litesmith.inspection.weight_health import weight_findings
from litesmith.runtime.flatbuffer import ModelFile

_ORDER = (Severity.ERROR, Severity.WARNING, Severity.INFO)


@dataclass(frozen=True, slots=True)
class _Group:
    """Findings of one symptom."""

    symptom: Symptom
    found: list[Finding]


def issues(file: ModelFile, layers: Mapping[int, tuple[str, ...]]) -> tuple[HealthIssue, ...]:
    """Return what is unhealthy, the worst first; one issue for each symptom, with all the places it occurs.

    Args:
        file: The open file.
        layers: Layer of each operator, by subgraph.
    """
    groups: dict[Symptom, list[Finding]] = {}
    for finding in _findings(file):
        groups.setdefault(finding.symptom, []).append(finding)
    made = [_issue(file, layers, _Group(symptom, found)) for symptom, found in groups.items()]
    return tuple(sorted(made, key=lambda issue: (_ORDER.index(issue.severity), issue.code)))


def _findings(file: ModelFile) -> Iterable[Finding]:
    yield from weight_findings(file)
    yield from scale_findings(file)
    yield from storage_findings(file)
    yield from state_findings(file)
    yield from metadata_findings(file)


def _issue(file: ModelFile, layers: Mapping[int, tuple[str, ...]], group: _Group) -> HealthIssue:
    worst = max(group.found, key=lambda finding: finding.weight)
    others = len(group.found) - 1
    more = f", and {others} more like it" if others else ""
    places = dict.fromkeys((finding.subgraph, index) for finding in group.found for index in finding.ops)
    return HealthIssue(
        code=group.symptom.code,
        severity=group.symptom.severity,
        message=worst.message + more,
        hint=group.symptom.hint,
        ops=tuple(
            ref for subgraph, index in places for ref in references(file.graph.subgraphs[subgraph], layers, [index])
        ),
        tensors=tuple(
            dict.fromkeys(
                file.graph.subgraphs[finding.subgraph].tensors[index].name
                for finding in group.found
                for index in finding.tensors
            )
        ),
    )
