"""report.html: the run on one page that needs no network."""

from __future__ import annotations

from pathlib import Path

from litesmith.core.deployment import Deployment
from litesmith.core.files import write_text
from litesmith.report.page import render
from litesmith.report.writer import Writer


def write(deployment: Deployment, path: Path) -> None:
    """Write the deployment as a self-contained page.

    Raises:
        OutputError: the file cannot be written.
    """
    write_text(path, render(deployment))


PLUGIN = Writer(name="html_page", file_name="report.html", write=write)
