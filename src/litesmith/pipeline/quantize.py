"""`litesmith quantize`: variants without evaluation or benchmark."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from litesmith.core.deployment import SCHEMA_VERSION, Environment
from litesmith.core.environment import environment
from litesmith.core.progress import Progress, silent
from litesmith.core.results import Calibration, Finding, SourceInfo, Variant
from litesmith.evaluate.metric import class_count
from litesmith.pipeline.calibration import calibrate
from litesmith.pipeline.datasets import calibration_findings, load
from litesmith.pipeline.deploy import require_output, require_valid
from litesmith.pipeline.float_model import Conversions
from litesmith.pipeline.run import Run
from litesmith.pipeline.settings import Settings
from litesmith.pipeline.variants import build_all, needs_calibration


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantizeResult:
    """What `quantize` made."""

    source: SourceInfo
    calibration: Calibration | None
    variants: tuple[Variant, ...]
    findings: tuple[Finding, ...]
    environment: Environment
    schema_version: int = SCHEMA_VERSION


def quantize(settings: Settings, *, progress: Progress = silent) -> QuantizeResult:
    """Write `variants/<scheme>.tflite` into the output folder.

    Raises:
        UserError: something asked for does not exist or does not fit.
        ConversionError: the model cannot be converted, or its answers changed.
    """
    schemes = require_valid(settings)
    with Run(settings, folder=Path(settings.out), progress=progress) as run:
        with Conversions(run) as conversions:
            ends = conversions.begin()
            require_output(settings, ends.outputs)
            classes = class_count(ends.outputs[settings.output].shape)
            datasets = load(run, inputs=ends.inputs, classes=classes, calibrated=needs_calibration(schemes))
            model = conversions.finish()
            model = conversions.check(model, datasets.calibration)
        calibrated = None
        if datasets.calibration is not None and needs_calibration(schemes):
            calibrated = calibrate(run, model, datasets.calibration, findings=calibration_findings(datasets))
        variants = build_all(run, model, calibrated, schemes)
        return QuantizeResult(
            source=model.source,
            calibration=calibrated.record if calibrated is not None else None,
            variants=tuple(variants),
            findings=(*(f for s in datasets.summaries for f in s.findings), *(f for v in variants for f in v.findings)),
            environment=environment(seed=settings.seed),
        )
