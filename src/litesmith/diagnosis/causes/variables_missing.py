"""A SavedModel without its variables."""

from __future__ import annotations

import re

from litesmith.diagnosis.cause import Cause, Stage

PLUGIN = Cause(
    name="variables_missing",
    title="a SavedModel without its weights",
    stage=Stage.OPENING,
    pattern=re.compile(
        r"Unsuccessful TensorSliceReader constructor: Failed to find any matching files"
        r"|variables/variables\.data-\* is missing"
    ),
    why=(
        "saved_model.pb has the graph alone; the weights lie in the folder variables/ beside it, which is not "
        "there or not whole."
    ),
    remedy="Copy the whole folder again, with variables/variables.index and every variables/variables.data-*.",
    source="https://www.tensorflow.org/guide/saved_model",
    rank=9,
)
