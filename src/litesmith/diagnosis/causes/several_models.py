"""A folder that models lie in."""

from __future__ import annotations

import re

from litesmith.diagnosis.cause import Cause, Stage

PLUGIN = Cause(
    name="several_models",
    title="a folder with models in it and not a model",
    stage=Stage.OPENING,
    pattern=re.compile(r"is a folder, not a model|is a folder with several models"),
    why="The folder itself is no model; models lie in it.",
    remedy="Name one of them.",
    source="https://www.tensorflow.org/guide/saved_model",
    rank=10,
)
