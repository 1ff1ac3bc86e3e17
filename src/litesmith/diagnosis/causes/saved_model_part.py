"""A part of a SavedModel."""

from __future__ import annotations

import re

from litesmith.diagnosis.cause import Cause, Stage

PLUGIN = Cause(
    name="saved_model_part",
    title="only a part of a SavedModel",
    stage=Stage.OPENING,
    pattern=re.compile(
        r"is only a part of a SavedModel|is a SavedModel without its saved_model\.pb"
        r"|looks like the saved_model\.pb"
    ),
    why="A SavedModel is a folder: saved_model.pb has the graph, and variables/ beside it the weights.",
    remedy="Name the folder, with all that was saved in it.",
    source="https://www.tensorflow.org/guide/saved_model",
    rank=10,
)
