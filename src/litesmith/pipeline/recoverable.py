"""What `--recover` asks for, checked before any work."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from litesmith.core.errors import ConfigError
from litesmith.pipeline.settings import FIELDS, Settings, flag
from litesmith.sources.recognise import recognise

SCHEME = "int8"
KINDS = ("keras", "h5")


def require_recoverable(settings: Settings, schemes: Sequence[str]) -> None:
    """Check that a recovery can be tried, where one is asked for.

    Raises:
        ConfigError: int8 is not built, a limit makes no sense or is given for nothing, or the source has no layers.
        SourceError: the source is missing or damaged.
    """
    for name in ("recover_epochs", "recover_minutes"):
        value = getattr(settings, name)
        if not settings.recover and value != FIELDS[name].default:
            raise ConfigError(f"{flag(name)} is {value:g}, and nothing is trained", hint="Add --recover.")
        if value <= 0:
            raise ConfigError(
                f"{flag(name)} is {value:g}; it must be more than 0", hint="Leave the option out for its default."
            )
    if not settings.recover:
        return
    if SCHEME not in schemes:
        raise ConfigError(
            f"--recover trains for {SCHEME}, which is not among --schemes {','.join(schemes)}",
            hint=f"Add {SCHEME} to --schemes.",
        )
    kind = recognise(Path(settings.model))
    if kind.name not in KINDS:
        raise ConfigError(
            f"--recover trains a Keras model, and {settings.model} is a {kind.describes}",
            hint="Give the .keras or .h5 file, or leave --recover out.",
        )
