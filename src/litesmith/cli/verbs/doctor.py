"""`litesmith doctor`."""

from collections.abc import Sequence

from litesmith.cli.verb import Outcome, Verb
from litesmith.core.errors import MissingExtraError
from litesmith.core.progress import Progress
from litesmith.pipeline.settings import Settings


def run(settings: Settings, models: Sequence[str], progress: Progress) -> Outcome:
    """Look at this installation and show what is missing."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    from litesmith.core.units import format_size
    from litesmith.pipeline.doctor import doctor

    del settings, models, progress
    found = doctor()
    table = Table("needs", "found", "for", "command")
    for check in found.checks:
        state = check.found or "missing"
        table.add_row(check.name, state, check.needed_for, check.remedy.replace("[", "\\[") or "-")
    facts = found.environment
    machine = Text(
        f"{facts.os}, {facts.machine}, {facts.cpu}, {facts.cores} cores, "
        f"{format_size(facts.memory_bytes)} of memory, governor {facts.governor}"
    )

    def check_all() -> None:
        missing = [check for check in found.checks if check.required and check.remedy]
        if missing:
            raise MissingExtraError(f"{missing[0].name} is missing or too old", hint=f"Type: {missing[0].remedy}")

    return Outcome(record=found, text=Group(table, machine), check=check_all)


PLUGIN = Verb(name="doctor", summary="what is installed, and what to install", models=0, settings=(), run=run)
