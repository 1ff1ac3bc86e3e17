"""Options of `litesmith bundle` that are of one kind of bundle: which apply, and the names that generated code gets."""

from __future__ import annotations

from litesmith.bundle.job import RUNTIMES
from litesmith.bundle.kind import KIND, PACKAGE, Kind
from litesmith.bundle.kotlin_names import class_name, require_class_name, require_package
from litesmith.core.errors import ConfigError
from litesmith.core.names import unknown
from litesmith.core.registry import load_plugins
from litesmith.core.results import Finding, Severity
from litesmith.pipeline.settings import FIELDS, Settings, flag


def settings_of_others(typed: str) -> frozenset[str]:
    """Return the settings that only other kinds of bundle take; none where there is no such kind."""
    kinds: dict[str, Kind] = load_plugins(PACKAGE, kind=KIND)
    kind = kinds.get(typed.replace("-", "_"))
    if kind is None:
        return frozenset()
    return frozenset(name for other in kinds.values() for name in other.settings) - frozenset(kind.settings)


def require_applying(settings: Settings, kind: Kind) -> None:
    """Check that no option was typed that only another kind of bundle takes.

    Raises:
        ConfigError: one was; the message names it and the kinds that take it.
    """
    kinds: dict[str, Kind] = load_plugins(PACKAGE, kind=KIND)
    for name in sorted(settings_of_others(_typed(kind))):
        if getattr(settings, name) == FIELDS[name].default:
            continue
        takers = " and ".join(sorted(_typed(other) for other in kinds.values() if name in other.settings))
        raise ConfigError(
            f"{flag(name)} does not apply to --for {_typed(kind)}",
            hint=f"Leave {flag(name)} out: it is for --for {takers}.",
        )


def require_names(settings: Settings, kind: Kind) -> None:
    """Check package, class and runtime of a kind that takes them.

    Raises:
        ConfigError: a name is missing, or no name for Kotlin.
        UnknownNameError: there is no such runtime.
    """
    if "package" in kind.settings:
        require_package(settings.package)
        if settings.class_name:
            require_class_name(settings.class_name)
    if settings.runtime not in RUNTIMES:
        raise unknown("runtime", settings.runtime, RUNTIMES)


def runtime_notes(settings: Settings) -> tuple[Finding, ...]:
    """Return what the user should know of the runtime that was chosen for Android."""
    if settings.runtime != "tensorflow-lite":
        return ()
    note = Finding(
        code="runtime-4-kb-pages",
        severity=Severity.WARNING,
        message="tensorflow-lite's 64-bit libraries are aligned to 4 KB: phones with pages of 16 KB cannot load them, "
        "and Google Play takes no new app with them",
        hint="Use --runtime litert.",
    )
    return (note,)


def class_of(settings: Settings, name: str, *, classifies: bool, pictures: bool) -> str:
    """Return the generated class: as typed, else from the model's name; empty where no Kotlin is generated."""
    if not settings.package:
        return ""
    return settings.class_name or class_name(name, classifies=classifies, pictures=pictures)


def _typed(kind: Kind) -> str:
    return kind.name.replace("_", "-")
