"""`litesmith compare`."""

from collections.abc import Sequence

from litesmith.cli.verb import PREPROCESSING, Outcome, Verb
from litesmith.core.progress import Progress
from litesmith.pipeline.settings import Settings


def run(settings: Settings, models: Sequence[str], progress: Progress) -> Outcome:
    """Compare two files and show how they differ."""
    from litesmith.pipeline.comparing import compare
    from litesmith.report.terminal.comparison import comparison_text

    made = compare(settings, models, progress=progress)
    return Outcome(record=made, text=comparison_text(made))


PLUGIN = Verb(
    name="compare",
    summary="how two .tflite files differ, in structure and in their answers",
    models=2,
    settings=("data", "samples", *PREPROCESSING, "jobs", "seed"),
    run=run,
)
