"""Puts the audit of a file together from its parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from litesmith.core.audit import Audit
from litesmith.core.layers import layer_names
from litesmith.core.model_facts import Memory
from litesmith.core.probe import Probe
from litesmith.inspection.claims import claims
from litesmith.inspection.contract import held, read_promises
from litesmith.inspection.delegate import uses
from litesmith.inspection.ends import inputs_of, outputs_of, signatures_of
from litesmith.inspection.foreign import foreign_ops, is_brought
from litesmith.inspection.health import issues
from litesmith.inspection.islands import islands
from litesmith.inspection.memory import planned
from litesmith.inspection.metadata import conversion_modes, metadata_of
from litesmith.inspection.precision import precision_of
from litesmith.inspection.promise_checks import Facts
from litesmith.inspection.runtimes import demands, needs
from litesmith.inspection.work import shares
from litesmith.runtime.flatbuffer import ModelFile


def audit(
    file: ModelFile,
    *,
    sha256: str,
    name: str = "",
    expect: Sequence[str] = (),
    promised: Sequence[str] = (),
    probe: Probe | None = None,
) -> Audit:
    """Return everything that is known of an open .tflite.

    Args:
        file: The file; it is read, not run.
        sha256: Of the file.
        name: Its name, whose words count as claims; empty when they do not.
        expect: What the user asserts.
        promised: What whoever made it promises, in the same words.
        probe: What was measured by running it; None when nothing was.

    Raises:
        UserError: a promise does not exist or cannot be read.
    """
    expected, graph = read_promises(expect), file.graph
    layers = {subgraph.index: layer_names(subgraph) for subgraph in graph.subgraphs}
    versions, foreign = demands(graph, layers), foreign_ops(graph, layers)
    work = shares(graph, layers)
    planned_bytes, busiest = planned(graph.main, layers)
    bare = Audit(
        size_bytes=graph.size_bytes,
        sha256=sha256,
        precision=precision_of(graph),
        claims=(),
        expectations=(),
        islands=islands(graph, layers),
        foreign_ops=foreign,
        demands=versions,
        runtimes=needs(
            versions,
            select_tf=any(op.select_tf for op in foreign),
            custom=any(not op.select_tf and not is_brought(op) for op in foreign),
        ),
        delegates=uses(file, layers, probe),
        health=issues(file, layers),
        by_op=work.by_op,
        by_layer=work.by_layer,
        macs=work.macs,
        macs_uncounted=work.uncounted,
        memory=Memory(
            planned_bytes=planned_bytes,
            busiest=busiest,
            measured_bytes=probe.arena_bytes if probe is not None else None,
            measured_note=_measured(probe),
        ),
        inputs=inputs_of(graph),
        outputs=outputs_of(graph),
        signatures=signatures_of(graph),
        metadata=metadata_of(file),
    )
    facts = Facts(graph, bare, layers)
    return replace(
        bare,
        claims=claims(facts, name=name, promised=promised, modes=conversion_modes(file)),
        expectations=held(expected, facts),
    )


def _measured(probe: Probe | None) -> str:
    if probe is None:
        return "not run"
    return probe.arena_note or f"LiteRT {probe.runtime_version}"
