"""Target specifications as people type them, and the session behind one."""

from __future__ import annotations

from litesmith.core.errors import UnknownNameError, UserError
from litesmith.core.names import nearest
from litesmith.core.progress import Progress, silent
from litesmith.core.registry import load_plugin, plugin_names
from litesmith.core.target import Session, Target

PACKAGE = "litesmith.targets"
_SSH = "ssh"


def resolve(specification: str) -> tuple[Target, str]:
    """Return the target that a specification names, and the address for its `connect`.

    `name` and `name:address` name a plugin, with hyphens or underscores; `user@host` and `user@host:port` are short
    for `ssh:user@host`.

    Raises:
        UserError: the specification is empty, or its address is none of that target's.
        UnknownNameError: no such target; the hint names the nearest, and how a host is named.
    """
    if not specification.strip():
        raise UserError("the target is empty", hint=f"Targets: {', '.join(known())}.")
    name, _, address = specification.partition(":")
    if "@" in name or specification.startswith("["):
        name, address = _SSH, specification
    plugin = name.replace("-", "_")
    if plugin not in plugin_names(PACKAGE):
        close = nearest(name, known())
        hint = f"Did you mean '{close}'? " if close else ""
        host = name if name.isprintable() and " " not in name and name else "HOST"
        raise UnknownNameError(
            f"unknown target '{name}'", hint=f"{hint}Known: {', '.join(known())}. A host is named ssh:{host}"
        )
    target: Target = load_plugin(PACKAGE, plugin, kind="target")
    if target.check is not None:
        target.check(address)
    return target, address


def connect(specification: str, *, progress: Progress = silent) -> Session:
    """Return a session on the target of a specification; see `resolve`.

    Args:
        specification: As typed.
        progress: Receives progress of what the session sends and installs.

    Raises:
        UserError: the specification is empty, names no target, or has an address the target does not take.
        TargetError: the target cannot be reached.
    """
    target, address = resolve(specification)
    session = target.connect(address)
    session.progress = progress
    return session


def known() -> list[str]:
    """Return the names of targets as they are typed."""
    return [name.replace("_", "-") for name in plugin_names(PACKAGE)]
