"""`litesmith device`."""

from collections.abc import Sequence

from litesmith.cli.verb import Outcome, Verb
from litesmith.core.errors import TargetError
from litesmith.core.progress import Progress
from litesmith.pipeline.settings import Settings


def run(settings: Settings, words: Sequence[str], progress: Progress) -> Outcome:
    """Carry out an action and show what came of it."""
    from litesmith.pipeline.device import device
    from litesmith.report.terminal.device import device_text

    del settings
    made = device(*words, progress=progress)

    def check() -> None:
        if made.preflight is not None and not made.preflight.ready:
            first = made.preflight.obstacles[0]
            raise TargetError(f"models cannot run on {made.target}: {first.message}", hint=first.remedy)

    return Outcome(record=made, text=device_text(made), check=check)


PLUGIN = Verb(
    name="device",
    summary="look at a board, prepare or clean it; make, start, stop and remove virtual ones",
    models=0,
    words=(
        ("ACTION", "check, prepare or clean; create, start, stop, list or remove"),
        ("[TARGET]", "such as pi@raspberrypi.local, adb or virtual-pi:5; see --target of benchmark"),
    ),
    settings=(),
    run=run,
)
