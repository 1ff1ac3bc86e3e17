"""`litesmith deploy`."""

from collections.abc import Sequence

from litesmith.cli.verb import (
    CONVERTING,
    EVALUATING,
    LIMITS,
    PREPROCESSING,
    QUANTIZING,
    RECOVERING,
    SEARCHING,
    TIMING,
    Outcome,
    Verb,
)
from litesmith.core.progress import Progress
from litesmith.pipeline.settings import Settings


def run(settings: Settings, models: Sequence[str], progress: Progress) -> Outcome:
    """Deploy a model and show the summary."""
    from rich.console import Group
    from rich.text import Text

    from litesmith.pipeline.deploy import deploy, require_choice
    from litesmith.report.terminal import summary

    del models
    made = deploy(settings, progress=progress)
    where = Text(f"\nReport: {settings.out}/report.html\nAs data: {settings.out}/report.json", overflow="fold")
    return Outcome(record=made, text=Group(summary(made), where), check=lambda: require_choice(made))


PLUGIN = Verb(
    name="deploy",
    summary="convert, quantize, evaluate and time a model; recommend a variant",
    models=1,
    settings=(
        "data",
        "out",
        *PREPROCESSING,
        *QUANTIZING,
        *RECOVERING,
        *EVALUATING,
        *TIMING,
        *LIMITS,
        *SEARCHING,
        *CONVERTING,
    ),
    run=run,
)
