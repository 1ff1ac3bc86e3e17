"""`litesmith convert`."""

from collections.abc import Sequence

from litesmith.cli.verb import CONVERTING, PREPROCESSING, Outcome, Verb, escaped
from litesmith.core.progress import Progress
from litesmith.pipeline.settings import Settings


def run(settings: Settings, models: Sequence[str], progress: Progress) -> Outcome:
    """Convert a model and show how."""
    from rich.text import Text

    from litesmith.core.units import format_duration, format_size
    from litesmith.pipeline.convert import convert
    from litesmith.report.wording import attempt_line, select_ops_line

    del models
    made = convert(settings, progress=progress)
    conversion = made.conversion
    lines = [f"{conversion.file}: {format_size(conversion.size_bytes)}, float32, signature '{conversion.signature}'"]
    lines += [f"  input  {spec.name}: {spec.dtype} {list(spec.shape)}" for spec in conversion.inputs]
    lines += [f"  output {spec.name}: {spec.dtype} {list(spec.shape)}" for spec in conversion.outputs]
    lines += [
        f"source: {made.source.path} ({made.source.framework})",
        *(f"  {action}" for action in made.source.actions),
    ]
    title = conversion.attempts[-1].title if conversion.attempts else "copied"
    lines += [f"route: {title} ({conversion.route}), {format_duration(conversion.duration_s)}"]
    lines += [f"  tried before: {attempt_line(attempt)}" for attempt in conversion.attempts[:-1]]
    if conversion.select_ops is not None:
        lines.append(f"needs: {select_ops_line(conversion.select_ops)}")
    if conversion.check_samples:
        lines.append(
            f"check: largest difference to the source {conversion.max_abs_difference:.3g} "
            f"({conversion.max_rel_difference:.2g} of the largest output) on {conversion.check_samples} samples "
            f"({conversion.check_source})"
        )
    elif conversion.select_ops is not None:
        lines.append("check: none. TensorFlow's own operators in a loop cannot be run on this computer")
    lines += [f"note: {notice.message}. {notice.hint}" for notice in made.notices]
    return Outcome(record=made, text=Text("\n".join(escaped(line) for line in lines)))


PLUGIN = Verb(
    name="convert",
    summary="make one float32 .tflite and compare it with its source",
    models=1,
    settings=("out", "data", "samples", *PREPROCESSING, "allow_select_tf_ops", *CONVERTING),
    run=run,
)
