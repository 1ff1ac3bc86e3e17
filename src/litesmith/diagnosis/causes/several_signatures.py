"""A SavedModel with several functions."""

from __future__ import annotations

import re

from litesmith.diagnosis.cause import Cause, Stage

PLUGIN = Cause(
    name="several_signatures",
    title="a SavedModel with several signatures",
    stage=Stage.OPENING,
    pattern=re.compile(r"has the signatures (?P<names>[^\n]*) and none named"),
    why="It offers {names}, and none is the default; a .tflite of Litesmith has one.",
    remedy="Save the one that is wanted as serving_default, once for each.",
    code=(
        'loaded = tf.saved_model.load("saved")\n'
        'tf.saved_model.save(loaded, "one", signatures={{"serving_default": loaded.signatures["encode"]}})'
    ),
    source="https://www.tensorflow.org/guide/saved_model",
    rank=10,
)
