"""Work on text inside of the model."""

from __future__ import annotations

from litesmith.diagnosis.cause import Cause, Stage
from litesmith.diagnosis.causes._kernels import COMPATIBILITY, without_kernel
from litesmith.diagnosis.locations import at_errors

PLUGIN = Cause(
    name="text_ops",
    title="operations on text",
    stage=Stage.CONVERTING,
    pattern=without_kernel(
        "AsString",
        r"String\w*",
        "RegexReplace",
        "RegexFullMatch",
        "StaticRegexReplace",
        r"Decode(?:Raw|Base64|CSV)\w*",
        "EncodeBase64",
        "SerializeTensor",
        r"Unicode\w*",
    ),
    why="TFLite has no kernels for text ({ops}).",
    remedy="Do the text step in the app, and convert the part of the model that takes numbers.",
    cured_by="select_tf_ops",
    source=COMPATIBILITY,
    rank=25,
    where=at_errors,
)
