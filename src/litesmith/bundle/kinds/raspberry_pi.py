"""A folder for Raspberry Pi and other ARM64 Linux boards: model, Python module, scripts, README."""

from __future__ import annotations

import json
from pathlib import Path

from litesmith.bundle.job import BundleJob, check
from litesmith.bundle.kind import Kind
from litesmith.bundle.python_module import LABELS_FILE, module_values
from litesmith.bundle.readme import readme_values
from litesmith.bundle.rendering import render
from litesmith.core.files import place, write_text


def write(job: BundleJob, folder: Path) -> list[tuple[str, str]]:
    """Write the model, its module, the scripts and the README into `folder`.

    Raises:
        BundleError: the model or the labels do not fit.
        OutputError: a file cannot be written.
    """
    check(job)
    values = module_values(job)
    values |= readme_values(job, values["feeds"])
    place(job.model, folder / job.file_name)
    written = [(job.file_name, "model")]
    templates = [("module.py.j2", f"{job.module}.py", "code"), ("run.py.j2", "run.py", "code")]
    if job.picture is not None:
        templates.append(("camera.py.j2", "camera.py", "code"))
    templates.append(("README.md.j2", "README.md", "document"))
    for template, name, role in templates:
        write_text(folder / name, render(f"raspberry_pi/{template}", **values))
        written.append((name, role))
    if job.labels:
        write_text(folder / LABELS_FILE, json.dumps(job.labels, indent=0) + "\n")
        written.append((LABELS_FILE, "labels"))
    return written


PLUGIN = Kind(
    name="raspberry_pi",
    summary="Folder with a Python module for ARM64 Linux boards",
    write=write,
    code=lambda job: {"module": job.module},
    installs=True,
    settings=("delegate", "wheelhouse", "python", "machine", "target", "service"),
)
