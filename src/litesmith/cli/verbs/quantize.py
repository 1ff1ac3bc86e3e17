"""`litesmith quantize`."""

from collections.abc import Sequence

from litesmith.cli.verb import CONVERTING, PREPROCESSING, QUANTIZING, RECOVERING, Outcome, Verb, escaped
from litesmith.core.errors import ConversionError
from litesmith.core.progress import Progress
from litesmith.pipeline.settings import Settings


def run(settings: Settings, models: Sequence[str], progress: Progress) -> Outcome:
    """Build variants and show them."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    from litesmith.core.results import Status
    from litesmith.core.units import format_size
    from litesmith.pipeline.quantize import quantize
    from litesmith.report.correction_lines import corrections_line
    from litesmith.report.recovery_lines import recovery_lines
    from litesmith.report.terminal import findings_text

    del models
    made = quantize(settings, progress=progress)
    table = Table("variant", "size", "input", "output")
    table.add_column("file or reason", overflow="fold")
    calibrated = made.calibration
    corrected = "\n".join(f"corrections of {v.scheme}: {corrections_line(v)}" for v in made.variants if v.corrections)
    ranges = f"ranges: {calibrated.calibrator}, {calibrated.reason}" if calibrated else ""
    if calibrated and calibrated.stability:
        ranges += f"\n{calibrated.stability.text}"
    for variant in made.variants:
        fine = variant.status is Status.OK
        table.add_row(
            variant.scheme,
            format_size(variant.size_bytes) if fine else "-",
            ", ".join(dict.fromkeys(spec.dtype for spec in variant.inputs)) or "-",
            ", ".join(dict.fromkeys(spec.dtype for spec in variant.outputs)) or "-",
            escaped(f"{settings.out}/{variant.file}" if fine else f"failed: {variant.reason}").replace("[", "\\["),
        )

    def check() -> None:
        if all(variant.status is Status.FAILED for variant in made.variants):
            raise ConversionError("no variant could be built", hint="See the reasons above.")

    trained = [f"recovery: {line}" for line in recovery_lines(made.recovery)] if made.recovery else []
    notes = [Text(line) for line in (ranges, corrected, *trained) if line]
    return Outcome(record=made, text=Group(table, *notes, findings_text(made.findings)), check=check)


PLUGIN = Verb(
    name="quantize",
    summary="make variants, neither evaluated nor timed",
    models=1,
    settings=("data", "out", *PREPROCESSING, *QUANTIZING, *RECOVERING, "output", *CONVERTING),
    run=run,
)
