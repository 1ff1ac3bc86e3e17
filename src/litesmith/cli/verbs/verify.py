"""`litesmith verify`."""

from collections.abc import Sequence

from litesmith.cli.verb import Outcome, Verb
from litesmith.core.progress import Progress
from litesmith.pipeline.settings import Settings


def run(settings: Settings, words: Sequence[str], progress: Progress) -> Outcome:
    """Run a bundle's golden vectors and show whether its answers are the same."""
    from litesmith.pipeline.verifying import require_sound, verify
    from litesmith.report.terminal.parity import parity_text

    made = verify(settings, words[0], progress=progress)
    return Outcome(record=made, text=parity_text(made), check=lambda: require_sound(made))


PLUGIN = Verb(
    name="verify",
    summary="whether a bundle answers here or on a device as it did when it was made",
    models=0,
    words=(("BUNDLE", "the folder that bundle made"),),
    settings=("target", "delegate"),
    run=run,
    meanings=(
        ("target", "where to run it, or several with commas (default: local)"),
        ("delegate", "on phones also run it on gpu"),
    ),
)
