"""report.json: every number of the run, as the schema beside it describes."""

from __future__ import annotations

from pathlib import Path

from litesmith.core.deployment import Deployment
from litesmith.core.files import write_text
from litesmith.report.encode import to_json
from litesmith.report.writer import Writer


def write(deployment: Deployment, path: Path) -> None:
    """Write the deployment as JSON.

    Raises:
        OutputError: the file cannot be written.
    """
    write_text(path, to_json(deployment))


PLUGIN = Writer(name="json_file", file_name="report.json", write=write)
