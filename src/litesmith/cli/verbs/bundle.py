"""`litesmith bundle`."""

from collections.abc import Sequence

from litesmith.cli.verb import PREPROCESSING, Outcome, Verb
from litesmith.core.progress import Progress
from litesmith.pipeline.settings import Settings


def run(settings: Settings, models: Sequence[str], progress: Progress) -> Outcome:
    """Make a bundle and show what is in it."""
    from litesmith.pipeline.bundling import bundle
    from litesmith.report.terminal.bundle import bundle_text

    del models
    made = bundle(settings, progress=progress)
    return Outcome(record=made, text=bundle_text(made))


def of_other_kinds(kind: str) -> frozenset[str]:
    """Return the settings that only other kinds of bundle take: a project file may hold those of several."""
    from litesmith.pipeline.bundle_options import settings_of_others

    return settings_of_others(kind)


PLUGIN = Verb(
    name="bundle",
    summary="put a .tflite into a folder that installs and checks itself on a device",
    models=1,
    settings=(
        "for_", "out", "replace", "data", "labels", "metadata", "takes", *PREPROCESSING, "threads", "delegate",
        "package", "class_name", "runtime", "wheelhouse", "python", "machine", "target", "service", "jobs", "seed",
    ),
    run=run,
    left_out=of_other_kinds,
    meanings=(
        ("model", "the model, a .tflite"),
        ("out", "the folder (default: named after the model and the kind)"),
        ("threads", "threads of the bundled module (default: 4, and another number when it is run)"),
        ("target", "a board to ask for its Python and architecture, in place of --python and --machine"),
        ("data", "two samples of it become golden vectors too"),
        ("preprocess", "raw, unit, signed, torch or caffe (default: what the report of the model says)"),
    ),
)  # fmt: skip
