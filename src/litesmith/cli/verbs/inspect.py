"""`litesmith inspect`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from litesmith.cli.verb import Outcome, Verb
from litesmith.core.errors import ConfigError
from litesmith.core.progress import Progress
from litesmith.pipeline.settings import Settings


def run(settings: Settings, models: Sequence[str], progress: Progress) -> Outcome:
    """Audit a file, show the audit, and write it as a page where one is asked for."""
    from rich.console import Group
    from rich.text import Text

    from litesmith.pipeline.auditing import inspect, require_met
    from litesmith.report.terminal.audit import audit_text

    del models
    page = Path(settings.html) if settings.html else None
    if page is not None and settings.model and page.resolve() == Path(settings.model).resolve():
        raise ConfigError(f"--html {page} is the model itself", hint="Name another file, such as audit.html.")
    inspected = inspect(settings, progress=progress)
    text = Group(audit_text(inspected, ops=settings.ops, page=settings.html))
    if page is not None:
        from litesmith.core.files import write_text
        from litesmith.report.page.audit_page import render_audit

        write_text(page, render_audit(inspected))
        text = Group(text, Text(f"Page: {page}", overflow="fold"))
    return Outcome(record=inspected, text=text, check=lambda: require_met(inspected))


PLUGIN = Verb(
    name="inspect",
    summary="what is in a .tflite, held against what was promised of it",
    models=1,
    settings=("expect", "ops", "html"),
    run=run,
)
