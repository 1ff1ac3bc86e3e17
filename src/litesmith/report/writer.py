"""Files a run leaves behind: what a writer is, and writing all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from litesmith.core.deployment import Deployment
from litesmith.core.registry import load_plugin, plugin_names

PACKAGE = "litesmith.report.writers"
KIND = "report writer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """A plugin that turns a deployment into one file.

    Attributes:
        name: The plugin's file name.
        file_name: Name of the file inside the output folder.
        write: Writes the deployment to a path, atomically.
    """

    name: str
    file_name: str
    write: Callable[[Deployment, Path], None]


def write_reports(deployment: Deployment, folder: Path, *, names: Sequence[str] | None = None) -> tuple[Path, ...]:
    """Write the reports into `folder` and return their paths.

    Args:
        deployment: What to report.
        folder: Made if missing.
        names: Writers; None is all of them.

    Raises:
        UnknownNameError: no such writer.
        OutputError: a file cannot be written.
    """
    paths = []
    for name in plugin_names(PACKAGE) if names is None else names:
        writer: Writer = load_plugin(PACKAGE, name, kind=KIND)
        path = folder / writer.file_name
        writer.write(deployment, path)
        paths.append(path)
    return tuple(paths)
