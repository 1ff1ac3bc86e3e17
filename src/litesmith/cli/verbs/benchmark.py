"""`litesmith benchmark`."""

from collections.abc import Sequence

from litesmith.cli.verb import MANY, TIMING, Outcome, Verb
from litesmith.core.errors import EvaluationError
from litesmith.core.progress import Progress
from litesmith.pipeline.settings import Settings


def run(settings: Settings, models: Sequence[str], progress: Progress) -> Outcome:
    """Time files and show the table."""
    from rich.console import Group

    from litesmith.core.results import Status
    from litesmith.pipeline.benchmarking import require_measured
    from litesmith.pipeline.files import benchmark
    from litesmith.report.terminal import benchmark_table, findings_text

    made = benchmark(settings, models, progress=progress)

    def check() -> None:
        if all(variant.status is Status.FAILED for variant in made.variants):
            raise EvaluationError(
                f"no file could be run: {made.variants[0].reason}", hint="Try litesmith inspect FILE."
            )
        require_measured(made.warnings)

    text = Group(benchmark_table(made.variants), findings_text(made.warnings, variants=made.variants))
    return Outcome(record=made, text=text, check=check)


PLUGIN = Verb(
    name="benchmark",
    summary="latency and memory of .tflite files, measured interleaved",
    models=MANY,
    settings=(*TIMING, "delegate", "ops"),
    run=run,
)
