"""A .tflite that answers otherwise than its source."""

from __future__ import annotations

import re

from litesmith.diagnosis.cause import Cause, Stage

PLUGIN = Cause(
    name="answers_changed",
    title="the converted model answers otherwise than its source",
    stage=Stage.CHECKING,
    pattern=re.compile(r"conversion changed the answers"),
    why=(
        "The source agrees with itself, and the .tflite does not agree with it. Usual reasons are steps that magnify "
        "rounding, such as the difference of two nearly equal sums or the logarithm of values near zero."
    ),
    remedy="Convert the model up to a layer in the middle, and halve from there until one layer is found that differs.",
    code='part = keras.Model(model.inputs, model.layers[5].output)\npart.save("part.keras")',
    source="https://ai.google.dev/edge/litert/conversion/tensorflow/ops_compatibility",
    rank=60,
)
