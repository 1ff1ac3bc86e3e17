"""`litesmith convert`: one float32 .tflite, checked against its source."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from litesmith.core.conversion import Conversion
from litesmith.core.deployment import SCHEMA_VERSION, Environment
from litesmith.core.environment import environment
from litesmith.core.errors import ConfigError
from litesmith.core.files import place, require_writable
from litesmith.core.progress import Progress, silent
from litesmith.core.results import Finding, SourceInfo
from litesmith.pipeline.auditing import state_notices
from litesmith.pipeline.datasets import prepared, preprocessing_of
from litesmith.pipeline.float_model import Conversions
from litesmith.pipeline.run import Run
from litesmith.pipeline.settings import FIELDS, Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvertResult:
    """What `convert` did.

    Attributes:
        source: The model as the user had it.
        conversion: The file and how it was made.
        environment: What it was made with.
        notices: What an app has to know of the file.
    """

    source: SourceInfo
    conversion: Conversion
    environment: Environment
    notices: tuple[Finding, ...] = ()
    schema_version: int = SCHEMA_VERSION


def convert(settings: Settings, *, progress: Progress = silent) -> ConvertResult:
    """Write the float32 .tflite to `settings.out` (default: the source's name with .tflite).

    With a dataset the check against the source uses real samples, else random values.

    Raises:
        UserError: the source or the dataset cannot be used, or the file cannot be written.
        ConversionError: the model cannot be converted, or its answers changed.
    """
    if not settings.model:
        raise ConfigError("no model was given", hint="Type: litesmith convert MODEL")
    if settings.batch not in (0, 1):
        raise ConfigError(
            f"--batch is {settings.batch}; it takes 1 (static) or 0 (dynamic)",
            hint="Use --batch 1, or --batch 0 for a dynamic batch.",
        )
    preprocessing_of(settings)  # unknown names are refused even where no samples are read
    out = output_file(settings)
    with (
        _made_for(out),
        tempfile.TemporaryDirectory(prefix="litesmith-") as folder,
        Run(settings, folder=Path(folder), progress=progress) as run,
        Conversions(run) as conversions,
    ):
        model = conversions.convert()
        samples = None
        if settings.data:
            samples = prepared(
                run,
                settings.data,
                role="check",
                inputs=model.conversion.inputs,
                classes=None,
                limit=settings.samples or settings.calibration_samples,
            )
        model = conversions.check(model, samples)
        place(model.path, out)
        return ConvertResult(
            source=model.source,
            conversion=replace(model.conversion, file=str(out)),
            environment=environment(seed=settings.seed),
            notices=state_notices(out),
        )


@contextmanager
def _made_for(out: Path) -> Iterator[None]:
    """Make the folder of the file; leave none behind that was made and stayed empty, because the model was refused."""
    missing = [folder for folder in out.parents if not folder.exists()]
    require_writable(out.parent)
    try:
        yield
    except BaseException:
        for folder in missing:
            with suppress(OSError):  # something else was put in it
                folder.rmdir()
        raise


def output_file(settings: Settings) -> Path:
    """Return where the .tflite goes: `--out` as a file or into it as a folder; by default beside nothing else, here.

    Raises:
        ConfigError: it would overwrite the source.
    """
    model = Path(settings.model)
    out = Path(settings.out)
    if settings.out == FIELDS["out"].default:
        out = Path(f"{model.stem or 'model'}.tflite")
    elif out.suffix != ".tflite":
        out /= f"{model.stem or 'model'}.tflite"
    if out.resolve() == model.resolve():
        raise ConfigError(f"the output {out} is the source itself", hint="Name another file with --out FILE.tflite.")
    return out
