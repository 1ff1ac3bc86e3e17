"""From a path to the kind of source it is, in the main process and without TensorFlow."""

from __future__ import annotations

from pathlib import Path

from litesmith.core.errors import SourceError
from litesmith.core.names import nearest
from litesmith.core.registry import load_plugins
from litesmith.core.source import Source
from litesmith.sources.other_kinds import describe_file, describe_folder
from litesmith.sources.refused import refused

KINDS = "litesmith.sources.kinds"


def sources() -> dict[str, Source]:
    """Return every kind of source by name."""
    return load_plugins(KINDS, kind="source")


def recognise(path: Path) -> Source:
    """Return the kind of a model, judged by its content.

    Raises:
        SourceError: it is missing, empty, cut off, unreadable or of a kind Litesmith does not take.
    """
    try:
        _require_present(path)
        for source in sources().values():
            if source.recognise(path):
                damage = source.damage(path)
                if damage:
                    raise refused(
                        f"{path} is a damaged {source.describes}: {damage}", hint="Copy or save the model again."
                    )
                return source
        message, hint = (describe_folder if path.is_dir() else describe_file)(path)
    except OSError as error:
        raise SourceError(
            f"cannot read {path}: {error.strerror or error}", hint="Check its permissions with ls -l."
        ) from error
    raise refused(f"{path} {message}", hint=hint)


def require_tflite(path: Path) -> None:
    """Check that a file is a .tflite.

    Raises:
        SourceError: it is missing, damaged or of another kind.
    """
    kind = recognise(path)
    if kind.name != "tflite":
        raise SourceError(
            f"{path} is a {kind.describes}, not a .tflite", hint=f"Convert it first: litesmith convert {path}"
        )


def _require_present(path: Path) -> None:
    if path.is_dir():
        if not any(path.iterdir()):
            raise SourceError(f"{path} is an empty folder", hint="Name a .keras, .h5 or .tflite file or a SavedModel.")
        return
    if not path.exists():
        raise _missing(path)
    if not path.is_file():
        raise SourceError(f"{path} is neither a file nor a folder", hint="Name a model file or a SavedModel folder.")
    if path.stat().st_size == 0:
        raise SourceError(f"{path} is empty (0 bytes)", hint="Save or copy the model again.")


def _missing(path: Path) -> SourceError:
    """Build the error for a path that does not exist, with the nearest name beside it."""
    parent = path.parent
    if not parent.is_dir():
        while not parent.exists():
            parent = parent.parent
        return SourceError(f"{path} does not exist: {parent} has no such folder", hint=f"Look with ls {parent}")
    names = {item.name.lower(): item.name for item in parent.iterdir() if not item.name.startswith(".")}
    close = nearest(path.name, names)
    hint = f"Did you mean {parent / names[close]}?" if close else f"Look with ls {parent}"
    return SourceError(f"{path} does not exist", hint=hint)
