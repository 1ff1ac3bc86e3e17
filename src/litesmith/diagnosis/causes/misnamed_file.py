"""A model under the name of another kind of model."""

from __future__ import annotations

import re

from litesmith.diagnosis.cause import Cause, Stage

PLUGIN = Cause(
    name="misnamed_file",
    title="another kind of file under the name of a SavedModel's graph",
    stage=Stage.OPENING,
    pattern=re.compile(r"holds (?P<what>an? [^,\n]*?),?(?: as [^,\n]*,)? under the name (?P<name>saved_model\.\w+)"),
    why=(
        "The file {name} is {what}. A SavedModel is a folder that model.export or tf.saved_model.save writes; a "
        "file does not become one by its name."
    ),
    remedy="Give the file the ending of its kind: .keras, .h5 or .tflite; it is opened as it is.",
    code='from pathlib import Path\n\nPath("folder/saved_model.pb").rename("model.keras")',
    source="https://www.tensorflow.org/guide/saved_model",
    rank=8,
)
