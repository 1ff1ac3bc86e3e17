"""A Gradle project for Android: a Kotlin core for this one model, a library around it, a demo app."""

from __future__ import annotations

import json
from pathlib import Path

from litesmith.bundle.android_files import ASSETS, all_files, places, wanted
from litesmith.bundle.job import BundleJob, check
from litesmith.bundle.kind import Kind
from litesmith.bundle.kotlin_literals import with_sorted_imports
from litesmith.bundle.kotlin_module import kotlin_values, labels_file
from litesmith.bundle.kotlin_support import require_runnable
from litesmith.bundle.rendering import render
from litesmith.core.files import place, write_text


def write(job: BundleJob, folder: Path) -> list[tuple[str, str]]:
    """Write the project into `folder`, the model among the library's assets.

    Raises:
        UserError: package or class name cannot be used.
        BundleError: the model or the labels do not fit.
        OutputError: a file cannot be written.
    """
    check(job)
    values = kotlin_values(job)
    model = f"{ASSETS}/{job.file_name}"
    place(job.model, folder / model)
    written = [(model, "model")]
    filled = places(job.package, job.class_name)
    for entry in all_files():
        if not wanted(entry, values):
            continue
        name = entry.path.format(**filled)
        text = render(f"android/{entry.template}", **values)
        write_text(folder / name, with_sorted_imports(text) if name.endswith((".kt", ".kts")) else text)
        written.append((name, entry.role))
    if job.labels:
        labels = f"{ASSETS}/{labels_file(job)}"
        write_text(folder / labels, json.dumps(job.labels, indent=0) + "\n")
        written.append((labels, "labels"))
    return written


PLUGIN = Kind(
    name="android",
    summary="Gradle project for Android: Kotlin core for this model, library, demo app",
    write=write,
    code=lambda job: {"package": job.package, "class_name": job.class_name},
    settings=("package", "class_name", "runtime"),
    require=require_runnable,
)
