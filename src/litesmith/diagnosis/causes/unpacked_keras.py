"""An unpacked .keras file."""

from __future__ import annotations

import re

from litesmith.diagnosis.cause import Cause, Stage

PLUGIN = Cause(
    name="unpacked_keras",
    title="a .keras file that was unpacked",
    stage=Stage.OPENING,
    pattern=re.compile(r"is an unpacked \.keras file"),
    why="A .keras file is a zip archive; its parts alone are not opened by Keras.",
    remedy="Pack the parts again without a folder around them.",
    code=(
        'import shutil\nshutil.make_archive("model", "zip", "unpacked_folder")  # then rename model.zip to model.keras'
    ),
    source="https://keras.io/api/models/model_saving_apis/model_saving_and_loading/",
    rank=10,
)
