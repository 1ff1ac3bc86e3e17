"""`litesmith benchmark`."""

from collections.abc import Sequence

from litesmith.cli.verb import MANY, TIMING, Outcome, Verb
from litesmith.core.errors import EvaluationError
from litesmith.core.progress import Progress
from litesmith.pipeline.settings import Settings


def run(settings: Settings, models: Sequence[str], progress: Progress) -> Outcome:
    """Time files and show the table."""
    from litesmith.core.results import Status
    from litesmith.pipeline.files import benchmark
    from litesmith.report.terminal import benchmark_table

    made = benchmark(settings, models, progress=progress)

    def check() -> None:
        if all(variant.status is Status.FAILED for variant in made.variants):
            raise EvaluationError(
                f"no file could be run: {made.variants[0].reason}", hint="Try litesmith inspect FILE."
            )

    return Outcome(record=made, text=benchmark_table(made.variants), check=check)


PLUGIN = Verb(
    name="benchmark",
    summary="latency and memory of .tflite files, measured interleaved",
    models=MANY,
    settings=TIMING,
    run=run,
)
