"""`litesmith quantize`: variants without evaluation or benchmark."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from litesmith.core.deployment import SCHEMA_VERSION, Environment
from litesmith.core.environment import environment
from litesmith.core.progress import Progress, silent
from litesmith.core.recovery import Recovery
from litesmith.core.results import Calibration, Finding, SourceInfo, Variant
from litesmith.pipeline.opening import prepare, require_valid
from litesmith.pipeline.recovering import with_recovery
from litesmith.pipeline.run import Run
from litesmith.pipeline.settings import Settings
from litesmith.pipeline.variants import build_all


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantizeResult:
    """What `quantize` made."""

    source: SourceInfo
    calibration: Calibration | None
    variants: tuple[Variant, ...]
    findings: tuple[Finding, ...]
    environment: Environment
    schema_version: int = SCHEMA_VERSION
    recovery: Recovery | None = None


def quantize(settings: Settings, *, progress: Progress = silent) -> QuantizeResult:
    """Write `variants/<scheme>.tflite` into the output folder.

    Raises:
        UserError: something asked for does not exist or does not fit.
        ConversionError: the model cannot be converted, or its answers changed.
    """
    schemes = require_valid(settings)
    with Run(settings, folder=Path(settings.out), progress=progress) as run:
        prepared = prepare(run, schemes)
        variants = build_all(run, prepared.model, prepared.calibrated, schemes)
        variants, recovery = with_recovery(run, prepared, variants)
        return QuantizeResult(
            source=prepared.model.source,
            calibration=prepared.calibrated.record if prepared.calibrated is not None else None,
            variants=tuple(variants),
            findings=tuple(
                dict.fromkeys(  # the calibration has what its dataset has
                    [
                        *prepared.warnings,
                        *(f for s in prepared.datasets.summaries for f in s.findings),
                        *(prepared.calibrated.record.findings if prepared.calibrated is not None else ()),
                        *(f for v in variants for f in v.findings),
                    ]
                )
            ),
            environment=environment(seed=settings.seed),
            recovery=recovery,
        )
