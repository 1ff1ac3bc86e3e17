"""The whole way: from a trained model to measured variants, a recommendation and a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from litesmith import __version__
from litesmith.core.deployment import SCHEMA_VERSION, Constraints, Deployment
from litesmith.core.environment import environment
from litesmith.core.errors import ConfigError, GateError
from litesmith.core.progress import Progress, silent
from litesmith.core.results import Finding, Severity, Variant
from litesmith.core.tensors import TensorSpec
from litesmith.evaluate.metric import class_count, metric_named
from litesmith.pipeline.calibration import Calibrated, calibrate, require_calibrator
from litesmith.pipeline.choose import choose, with_frontier
from litesmith.pipeline.datasets import Datasets, calibration_findings, load, preprocessing_of, require
from litesmith.pipeline.float_model import Conversions, FloatModel
from litesmith.pipeline.notices import noticed
from litesmith.pipeline.preset_check import check_preset
from litesmith.pipeline.run import Run
from litesmith.pipeline.settings import Settings
from litesmith.pipeline.variants import (
    benchmark_all,
    build_all,
    evaluate_all,
    interface_named,
    needs_calibration,
    require_targets,
    wanted_schemes,
)
from litesmith.report.writer import write_reports


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
        with Conversions(run) as conversions:
            ends = conversions.begin()
            require_output(settings, ends.outputs)
            classes = class_count(ends.outputs[settings.output].shape)
            datasets = load(run, inputs=ends.inputs, classes=classes, calibrated=needs_calibration(schemes))
            model = conversions.finish()
            samples = datasets.calibration or datasets.evaluation
            model = conversions.check(model, samples)
        labelled = next((s for s in (datasets.calibration, datasets.evaluation) if s is not None and s.labels), None)
        warnings = check_preset(run, model, labelled) if labelled is not None else ()
        calibrated = None
        if datasets.calibration is not None and needs_calibration(schemes):
            calibrated = calibrate(run, model, datasets.calibration, findings=calibration_findings(datasets))
        variants = build_all(run, model, calibrated, schemes)
        if datasets.evaluation is not None:
            variants = evaluate_all(run, variants, datasets.evaluation)
        variants = noticed(benchmark_all(run, variants))
        return _finish(run, model, datasets, calibrated, variants, warnings=warnings)


def require_valid(settings: Settings) -> tuple[str, ...]:
    """Check every name a run uses before work begins; return the schemes to build.

    Raises:
        UserError: a name is unknown or a value is out of range.
        TargetError: a target cannot be reached.
    """
    if not settings.model:
        raise ConfigError("no model was given", hint="Type: litesmith deploy MODEL --data DATASET")
    if settings.batch not in (0, 1):
        raise ConfigError(
            f"--batch is {settings.batch}; variants are run one sample at a time",
            hint="Use --batch 1, or --batch 0 for a dynamic batch.",
        )
    if settings.max_drop is not None and not settings.data:
        raise ConfigError(
            "--max-drop limits the loss of accuracy, and there is no --data to measure it on",
            hint="Give --data DATASET.",
        )
    schemes = wanted_schemes(settings.schemes)
    interface_named(settings.interface)
    require_calibrator(settings.calibrator)
    preprocessing_of(settings)
    if settings.metric:
        metric_named(settings.metric)
    require_targets(settings)
    require(settings, calibrated=needs_calibration(schemes))
    return schemes


def require_output(settings: Settings, outputs: Sequence[TensorSpec]) -> None:
    """Check that the output to score exists.

    Raises:
        ConfigError: it does not.
    """
    if settings.output >= len(outputs):
        names = ", ".join(f"{i} ({spec.name})" for i, spec in enumerate(outputs))
        raise ConfigError(f"--output is {settings.output}, but the outputs are {names}", hint="Counted from 0.")


def _finish(
    run: Run,
    model: FloatModel,
    datasets: Datasets,
    calibrated: Calibrated | None,
    variants: list[Variant],
    *,
    warnings: tuple[Finding, ...],
) -> Deployment:
    settings = run.settings
    limits = Constraints(
        max_drop=settings.max_drop, max_size_bytes=settings.max_size, max_latency_ms=settings.max_latency
    )
    choice = choose(variants, limits)
    deployment = Deployment(
        schema_version=SCHEMA_VERSION,
        litesmith_version=__version__,
        source=model.source,
        conversion=replace(model.conversion, file=variants[0].file),
        preprocessing=preprocessing_of(settings),
        datasets=datasets.summaries,
        calibration=calibrated.record if calibrated is not None else None,
        variants=with_frontier(variants),
        constraints=limits,
        recommended=choice.recommended,
        nearest=choice.nearest,
        reason=choice.reason,
        warnings=(*warnings, *_not_measured(settings)),
        stages=tuple(run.stages),
        environment=environment(seed=settings.seed),
    )
    write_reports(deployment, run.folder)
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
    """Check that a variant was recommended.

    Raises:
        GateError: none meets the limits; the message names the nearest.
    """
    if not deployment.recommended:
        raise GateError(deployment.reason, hint="Loosen a limit, or see the report for what each variant costs.")
