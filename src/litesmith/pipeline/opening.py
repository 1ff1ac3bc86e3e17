"""What `deploy` and `quantize` begin with: the checks, the float model, its samples and its ranges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from litesmith.core.errors import ConfigError
from litesmith.core.results import Finding
from litesmith.core.tensors import TensorSpec
from litesmith.evaluate.metric import class_count, metric_named
from litesmith.evaluate.verdict import require_margin
from litesmith.pipeline.boards import require_targets
from litesmith.pipeline.calibration import Calibrated, calibrate, require_calibrator
from litesmith.pipeline.correction_plan import wanted_corrections
from litesmith.pipeline.datasets import Datasets, calibration_findings, load, preprocessing_of, require
from litesmith.pipeline.float_model import Conversions, FloatModel
from litesmith.pipeline.goals import require_goal
from litesmith.pipeline.preset_check import check_preset
from litesmith.pipeline.recoverable import require_recoverable
from litesmith.pipeline.run import Run
from litesmith.pipeline.settings import Settings
from litesmith.pipeline.variants import interface_named, needs_calibration, wanted_schemes


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """All that variants are made from.

    Attributes:
        model: The float model, compared with its source.
        datasets: Samples.
        calibrated: Ranges; None when no scheme needs them.
        warnings: Whether the preprocessing looks wrong.
    """

    model: FloatModel
    datasets: Datasets
    calibrated: Calibrated | None
    warnings: tuple[Finding, ...]


def prepare(run: Run, schemes: Sequence[str]) -> Prepared:
    """Convert the model while its samples are decoded, check both, and calibrate.

    Raises:
        UserError: the source or a dataset cannot be used, or they do not fit.
        ConversionError: the model cannot be converted, or its answers changed.
        EvaluationError: the float model cannot be run.
    """
    settings, calibrating = run.settings, needs_calibration(schemes)
    with Conversions(run) as conversions:
        ends = conversions.begin()
        require_output(settings, ends.outputs)
        classes = class_count(ends.outputs[settings.output].shape)
        datasets = load(run, inputs=ends.inputs, classes=classes, calibrated=calibrating)
        model = conversions.finish()
        model = conversions.check(model, datasets.calibration or datasets.evaluation)
    labelled = next((s for s in (datasets.calibration, datasets.evaluation) if s is not None and s.labels), None)
    warnings = check_preset(run, model, labelled) if labelled is not None else ()
    calibrated = None
    if datasets.calibration is not None and calibrating:
        calibrated = calibrate(run, model, datasets.calibration, findings=calibration_findings(datasets))
    return Prepared(model=model, datasets=datasets, calibrated=calibrated, warnings=warnings)


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
    if settings.max_drop is not None:
        require_margin(settings.max_drop)
    if settings.max_drop is not None and not settings.data:
        raise ConfigError(
            "--max-drop limits the loss of accuracy, and there is no --data to measure it on",
            hint="Give --data DATASET.",
        )
    require_goal(settings)
    schemes = wanted_schemes(settings.schemes)
    interface_named(settings.interface)
    require_calibrator(settings.calibrator)
    wanted_corrections(settings.corrections)
    preprocessing_of(settings)
    if settings.metric:
        metric_named(settings.metric)
    require_targets(settings)
    require_recoverable(settings, schemes)
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
