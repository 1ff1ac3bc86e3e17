"""Audits of .tflite files: of one that the user names, and of every variant of a run."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from litesmith.core.audit import Audit, Expected, HealthIssue, Inspected
from litesmith.core.environment import versions
from litesmith.core.errors import ConfigError, GateError, LitesmithError
from litesmith.core.files import sha256_file, write_text
from litesmith.core.isolated import Worker
from litesmith.core.layers import layer_names
from litesmith.core.probe import Probe
from litesmith.core.progress import Progress, silent
from litesmith.core.results import Finding, Severity, Variant
from litesmith.core.worker_errors import WorkerClosed
from litesmith.inspection.audit import audit
from litesmith.inspection.contract import read_promises
from litesmith.inspection.runtimes import TENSORFLOW, demands, minimum_of, needs
from litesmith.inspection.state_health import ASSIGNED, KEPT, state_findings
from litesmith.pipeline.metadata_check import metadata_issues
from litesmith.pipeline.run import Run
from litesmith.pipeline.settings import Settings
from litesmith.quantize.scheme import Interface, Scheme
from litesmith.runtime import rewrite
from litesmith.runtime.flatbuffer import ModelFile
from litesmith.runtime.probe import probe_in
from litesmith.sources.recognise import require_tflite

_MOST_SHOWN = 3


def inspect(settings: Settings, *, progress: Progress = silent) -> Inspected:
    """Return the audit of a .tflite, which need not be ours.

    It is read in this process and run in another one; when that crashes or hangs, the audit says so and is else whole.

    Raises:
        SourceError: it is no .tflite, or damaged.
        UserError: a promise does not exist or cannot be read.
    """
    del progress
    if not settings.model:
        raise ConfigError("no .tflite was given", hint="Type: litesmith inspect FILE.tflite")
    read_promises(settings.expect)
    path = Path(settings.model)
    require_tflite(path)
    with Worker("the model") as worker, ThreadPoolExecutor(1) as thread:
        probing = thread.submit(probed, worker, path)
        with ModelFile(path) as file:
            digest = sha256_file(path)
            found = audit(file, sha256=digest, name=path.name, expect=settings.expect, probe=probing.result())
            found = replace(found, health=(*found.health, *metadata_issues(file)))
            return Inspected(file=settings.model, audit=found, graph=file.graph, versions=versions())


def probed(worker: Worker, path: Path) -> Probe:
    """Return what running a model natively shows, or why it shows nothing."""
    try:
        return probe_in(worker, path.resolve())
    except WorkerClosed:
        raise
    except LitesmithError as error:
        return Probe(note=f"it could not be run here: {error.message}", arena_note="it could not be run here")


def require_met(inspected: Inspected) -> None:
    """Check that every promise of the user's holds.

    Raises:
        GateError: one does not; the message names each with what was found.
    """
    broken = [expected for expected in inspected.audit.expectations if not expected.met]
    if broken:
        text = "; ".join(f"{expected.text} does not hold: {expected.found}" for expected in broken)
        raise GateError(f"{inspected.file}: {text}", hint="See the audit for where, or drop the promise from --expect.")


def audited(run: Run, variant: Variant, scheme: Scheme, interface: Interface) -> Variant:
    """Return a variant with its audit, and with a finding for each promise of its scheme that it breaks."""
    path = run.folder / variant.file
    found = audit_of(run.pool.workers[0], path, digest=variant.sha256, promised=promised_by(scheme, interface))
    return replace(
        variant, audit=found, findings=(*variant.findings, *broken_promises(found.claims), *kept_state(found.health))
    )


def audit_of(worker: Worker, path: Path, *, digest: str, promised: tuple[str, ...] = ()) -> Audit:
    """Return the audit of a file of ours, whose name claims nothing."""
    probe = probed(worker, path)
    with ModelFile(path) as file:
        return audit(file, sha256=digest, promised=promised, probe=probe)


def write_audits(folder: Path, variants: Sequence[Variant]) -> None:
    """Write each variant's audit as a page `audits/SCHEME.html` with its graph; the report links to them.

    Raises:
        OutputError: a page cannot be written.
    """
    from litesmith.report.page.audit_page import render_audit

    for variant in variants:
        if variant.audit is None or not variant.file:
            continue
        with ModelFile(folder / variant.file) as file:
            made = Inspected(file=variant.file, audit=variant.audit, graph=file.graph, versions=versions())
        write_text(folder / "audits" / f"{variant.scheme}.html", render_audit(made))


def state_minimum_runtime(path: Path) -> None:
    """Make a variant state the oldest TensorFlow runtime that it really needs.

    The quantizer keeps what the converter wrote for the float model. A file that no TensorFlow release is known to run
    states nothing.
    """
    with ModelFile(path) as file:
        layers = {subgraph.index: layer_names(subgraph) for subgraph in file.graph.subgraphs}
        found = needs(demands(file.graph, layers), select_tf=False, custom=False)
    rewrite.state_minimum_runtime(path, minimum_of(found, TENSORFLOW).minimum)


def promised_by(scheme: Scheme, interface: Interface) -> tuple[str, ...]:
    """Return what a scheme promises of its variants, in the words of `--expect`."""
    if not scheme.calibrated:
        return scheme.promises
    ends = interface.value if scheme.activation_bits == 8 or interface is Interface.FLOAT32 else "int16"
    return (*scheme.promises, f"io={ends}")


def state_notices(path: Path) -> tuple[Finding, ...]:
    """Return a finding where a file keeps state between inferences, without auditing it whole."""
    with ModelFile(path) as file:
        found = {finding.symptom: finding.message for finding in reversed(list(state_findings(file)))}
    return tuple(
        Finding(code=symptom.code, severity=symptom.severity, message=message, hint=symptom.hint)
        for symptom, message in found.items()
    )


def kept_state(health: tuple[HealthIssue, ...]) -> tuple[Finding, ...]:
    """Return a finding where a model keeps state between inferences."""
    return tuple(
        Finding(code=issue.code, severity=issue.severity, message=issue.message, hint=issue.hint)
        for issue in health
        if issue.code in (KEPT.code, ASSIGNED.code)
    )


def broken_promises(claims: tuple[Expected, ...]) -> tuple[Finding, ...]:
    """Return a finding for each promise of a scheme that does not hold."""
    found = []
    for claim in claims:
        if claim.met or " " in claim.text:  # what the file's metadata claims is the audit's to say
            continue
        layers = list(dict.fromkeys(f"{ref.op} in '{ref.layer}'" for ref in claim.ops))
        more = f" and {len(layers) - _MOST_SHOWN} more" if len(layers) > _MOST_SHOWN else ""
        hint = f"See {', '.join(layers[:_MOST_SHOWN])}{more} in the audit." if layers else "See the audit."
        found.append(
            Finding(
                code="broken-promise",
                severity=Severity.WARNING,
                message=f"it does not hold what its scheme promises, {claim.text}: {claim.found}",
                hint=f"{hint} An accelerator for integers refuses float operators." if "int" in claim.text else hint,
            )
        )
    return tuple(found)
