"""`litesmith evaluate`."""

from collections.abc import Sequence

from litesmith.cli.verb import EVALUATING, MANY, PREPROCESSING, Outcome, Verb
from litesmith.core.progress import Progress
from litesmith.pipeline.settings import Settings


def run(settings: Settings, models: Sequence[str], progress: Progress) -> Outcome:
    """Evaluate files and show the table."""
    from rich.console import Group

    from litesmith.pipeline.files import evaluate
    from litesmith.report.terminal import evaluation_table, findings_text

    made = evaluate(settings, models, progress=progress)
    found = [finding for dataset in made.datasets for finding in dataset.findings]
    return Outcome(record=made, text=Group(evaluation_table(made.variants), findings_text(found)))


PLUGIN = Verb(
    name="evaluate",
    summary="accuracy of .tflite files, and paired differences to the first",
    models=MANY,
    settings=("data", *PREPROCESSING, *EVALUATING, "max_drop", "jobs", "seed"),
    run=run,
)
