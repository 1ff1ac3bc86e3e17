"""The whole way: from a trained model to measured variants, a recommendation and a report."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from litesmith import __version__
from litesmith.core.deployment import SCHEMA_VERSION, Constraints, Deployment
from litesmith.core.environment import environment
from litesmith.core.errors import DatasetError, GateError
from litesmith.core.progress import Progress, silent
from litesmith.core.recovery import Recovery
from litesmith.core.results import Finding, Severity, Variant
from litesmith.core.samples import SampleSet
from litesmith.core.search import Search
from litesmith.pipeline.auditing import write_audits
from litesmith.pipeline.benchmarking import require_measured
from litesmith.pipeline.choose import Choice, choose, with_frontier
from litesmith.pipeline.datasets import kept_subset, preprocessing_of, with_parts
from litesmith.pipeline.fleet import boards_of
from litesmith.pipeline.goals import choose_for, goal_named
from litesmith.pipeline.notices import held_back, noticed
from litesmith.pipeline.opening import Prepared, prepare, require_valid
from litesmith.pipeline.recovering import with_recovery
from litesmith.pipeline.run import Run
from litesmith.pipeline.searching import search
from litesmith.pipeline.settings import Settings
from litesmith.pipeline.variants import benchmark_all, build_all, evaluate_all
from litesmith.report.writer import write_reports
from litesmith.search.stopping import split

LEAST_TO_SPLIT = 12
"""Evaluation samples below which there are no two parts of them."""


def deploy(settings: Settings, *, progress: Progress = silent) -> Deployment:
    """Convert, quantize, evaluate and time a model; write variants and reports to the output folder.

    Raises:
        UserError: something asked for does not exist or does not fit; checked before any work is done.
        ConversionError: the model cannot be converted, or its answers changed.
        EvaluationError: the float model cannot be run.
        TargetError: a target cannot be reached.
    """
    schemes = require_valid(settings)
    with Run(settings, folder=Path(settings.out), progress=progress) as run:
        prepared = prepare(run, schemes)
        variants = build_all(run, prepared.model, prepared.calibrated, schemes)
        variants, recovery = with_recovery(run, prepared, variants)
        if settings.goal and prepared.datasets.evaluation is not None:
            return _searched(run, prepared, variants, prepared.datasets.evaluation, recovery)
        if prepared.datasets.evaluation is not None:
            variants = evaluate_all(run, variants, prepared.datasets.evaluation)
        variants, lost = benchmark_all(run, variants)
        variants = noticed(variants)
        choice = choose(variants, _limits(settings))
        return _finish(run, prepared, variants, choice, recovery=recovery, lost=lost)


def _searched(
    run: Run, prepared: Prepared, variants: list[Variant], samples: SampleSet, recovery: Recovery | None
) -> Deployment:
    """Search, choose by one part of the evaluation samples, and report the figures of the other part."""
    if samples.count < LEAST_TO_SPLIT:
        raise DatasetError(
            f"{samples.source} has {samples.count} samples to evaluate on, too few to choose by some and confirm on "
            f"others; --goal needs {LEAST_TO_SPLIT}",
            hint="Give more samples with --data, or leave --goal out.",
        )
    chosen, others = split(samples.count, seed=run.settings.seed)
    choice, confirmation = kept_subset(run, samples, chosen), kept_subset(run, samples, others)
    found = search(run, prepared, variants, choice=choice, confirmation=confirmation)
    variants = [*variants, *found.variants]
    judged = evaluate_all(run, variants, choice)
    timed, lost = benchmark_all(run, evaluate_all(run, variants, confirmation))
    judged = [replace(v, benchmarks=t.benchmarks, status=t.status) for v, t in zip(judged, timed, strict=True)]
    pick = choose_for(goal_named(run.settings.goal), judged, timed, _limits(run.settings))
    summaries = with_parts(prepared.datasets.summaries, choice=choice.count, confirmation=confirmation.count)
    prepared = replace(prepared, datasets=replace(prepared.datasets, summaries=summaries))
    return _finish(run, prepared, noticed(timed), pick, recovery=recovery, lost=lost, searched=found.record)


def _limits(settings: Settings) -> Constraints:
    return Constraints(
        max_drop=settings.max_drop,
        max_size_bytes=settings.max_size,
        max_latency_ms=settings.max_latency,
        max_latency_ms_by_target={
            board.name: board.max_latency_ms for board in boards_of(settings) if board.max_latency_ms is not None
        },
    )


def _finish(
    run: Run,
    prepared: Prepared,
    variants: list[Variant],
    choice: Choice,
    *,
    recovery: Recovery | None,
    lost: tuple[Finding, ...],
    searched: Search | None = None,
) -> Deployment:
    settings = run.settings
    deployment = Deployment(
        schema_version=SCHEMA_VERSION,
        litesmith_version=__version__,
        source=prepared.model.source,
        conversion=replace(prepared.model.conversion, file=variants[0].file),
        preprocessing=preprocessing_of(settings),
        datasets=prepared.datasets.summaries,
        calibration=prepared.calibrated.record if prepared.calibrated is not None else None,
        variants=with_frontier(variants),
        constraints=_limits(settings),
        recommended=choice.recommended,
        nearest=choice.nearest,
        reason=choice.reason,
        warnings=(*prepared.warnings, *_not_measured(settings), *lost, *held_back(variants)),
        stages=tuple(run.stages),
        environment=environment(seed=settings.seed),
        recovery=recovery,
        search=searched,
    )
    write_reports(deployment, run.folder)
    write_audits(run.folder, deployment.variants)
    return deployment


def _not_measured(settings: Settings) -> tuple[Finding, ...]:
    """Return what a reader of the numbers must know about limits that could not be checked."""
    found = []
    if not settings.data:
        found.append(
            Finding(
                code="no-evaluation-data",
                severity=Severity.WARNING,
                message="no dataset was given, so no accuracy was measured",
                hint="Give --data DATASET.",
            )
        )
    return tuple(found)


def require_choice(deployment: Deployment) -> None:
    """Check that a variant was recommended, and that every target was measured.

    Raises:
        GateError: none meets the limits; the message names the nearest.
        TargetError: a target could not be measured.
    """
    if not deployment.recommended:
        made = deployment.variants[0].evaluation
        checked = deployment.constraints.max_drop is None or (made is not None and made.unit == "fraction")
        advice = "Loosen a limit" if checked else "Leave --max-drop out"
        raise GateError(deployment.reason, hint=f"{advice}, or see the report for what each variant costs.")
    require_measured(deployment.warnings)
