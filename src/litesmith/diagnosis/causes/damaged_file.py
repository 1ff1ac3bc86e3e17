"""A file that is cut off or was changed on the way."""

from __future__ import annotations

import re

from litesmith.diagnosis.cause import Cause, Stage

PLUGIN = Cause(
    name="damaged_file",
    title="the file is damaged",
    stage=Stage.OPENING,
    pattern=re.compile(
        r"is a damaged |is damaged|is a zip archive that ends early|truncated file"
        r"|Unable to (?:synchronously )?open (?:file|object)|BadZipFile|Bad CRC|bad object header"
        r"|Read less bytes than requested|Cannot parse file|Data loss|Checksum does not match"
    ),
    why="A part of the file is missing or is not what was written, as after an interrupted download or copy.",
    remedy="Copy or download the file again and compare its size, or save the model again.",
    source="https://docs.python.org/3/library/zipfile.html",
    rank=45,
)
