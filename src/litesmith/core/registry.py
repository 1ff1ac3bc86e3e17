"""Plugins: one file in a plug folder is one plugin, named by its file.

A plug folder is a package whose modules each define `PLUGIN`. Adding a file adds the plugin; nothing else is
edited. Modules whose name begins with an underscore are shared parts, not plugins.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import Any

from litesmith.core.errors import PluginError
from litesmith.core.names import look_up


@cache
def plugin_names(package: str) -> tuple[str, ...]:
    """Return the sorted plugin names of a plug folder, without importing the plugins."""
    folder = importlib.import_module(package)
    return tuple(sorted(m.name for m in pkgutil.iter_modules(folder.__path__) if not m.name.startswith("_")))


def load_plugin(package: str, name: str, *, kind: str) -> Any:
    """Return the `PLUGIN` of module `name` in `package`.

    Raises:
        UnknownNameError: no such plugin; the hint names the nearest.
        PluginError: the module defines no `PLUGIN`.
    """
    look_up(kind, name, dict.fromkeys(plugin_names(package), True))
    module = importlib.import_module(f"{package}.{name}")
    if not hasattr(module, "PLUGIN"):
        raise PluginError(f"{package}.{name} defines no PLUGIN")
    return module.PLUGIN


def load_plugins(package: str, *, kind: str) -> dict[str, Any]:
    """Return every plugin of a plug folder by name."""
    return {name: load_plugin(package, name, kind=kind) for name in plugin_names(package)}
