"""`litesmith debug`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from litesmith.cli.verb import PREPROCESSING, Outcome, Verb
from litesmith.core.errors import ConfigError
from litesmith.core.progress import Progress
from litesmith.pipeline.settings import Settings


def run(settings: Settings, models: Sequence[str], progress: Progress) -> Outcome:
    """Hold a quantized file against its float model, show what costs it accuracy, and write a page if asked to."""
    from rich.console import Group
    from rich.text import Text

    from litesmith.pipeline.debugging import debug
    from litesmith.report.terminal.debugging import debugging_text

    page = Path(settings.html) if settings.html else None
    if page is not None and page.resolve() in [Path(model).resolve() for model in models]:
        raise ConfigError(f"--html {page} is one of the models", hint="Name another file, such as debug.html.")
    made = debug(settings, models, progress=progress)
    text = Group(debugging_text(made, ops=settings.ops))
    if page is not None:
        from litesmith.core.files import write_text
        from litesmith.report.page.debug_page import render_debugging

        write_text(page, render_debugging(made))
        text = Group(text, Text(f"Page: {page}", overflow="fold"))
    return Outcome(record=made, text=text)


PLUGIN = Verb(
    name="debug",
    summary="what costs a quantized .tflite its accuracy, layer by layer, and what cures it",
    models=2,
    settings=("data", "samples", "output", *PREPROCESSING, "ops", "html", "jobs", "seed"),
    run=run,
)
