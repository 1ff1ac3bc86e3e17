"""What a kind of bundle is: who writes the files that a platform needs to run one model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from litesmith.bundle.job import BundleJob

PACKAGE = "litesmith.bundle.kinds"
KIND = "kind of bundle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A plugin that writes a model, and the code that runs it, for one platform.

    Attributes:
        name: The plugin's file name; typed with hyphens, such as `--for raspberry-pi`.
        summary: What it writes, one line.
        write: Writes the files of a job into a folder that is there, and returns (path relative to the folder, role)
            of each. Roles are those of `BundledFile`. Raises `BundleError` for a model that it cannot serve.
        installs: Whether it is run by Python on the device: it then gets packages, installer and self-check.
        settings: Names of the settings that apply to this kind and not to every other; typed for another, they are
            an error.
        code: Returns what the generated code is called, for the manifest: `module`, or `package` and `class_name`.
        require: Checks the model before anything of it is run; raises `BundleError`.
    """

    name: str
    summary: str
    write: Callable[[BundleJob, Path], list[tuple[str, str]]]
    code: Callable[[BundleJob], dict[str, str]]
    installs: bool = False
    settings: tuple[str, ...] = ()
    require: Callable[[Path], None] | None = None
