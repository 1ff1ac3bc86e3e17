"""Weights without the model."""

from __future__ import annotations

import re

from litesmith.diagnosis.cause import Cause, Stage

PLUGIN = Cause(
    name="weights_only",
    title="weights without a model",
    stage=Stage.OPENING,
    pattern=re.compile(r"holds weights without a (?:model|config)|is a safetensors file"),
    why="The file holds the values of the weights and not the layers that they belong to.",
    remedy="Load the weights where the model is defined and save the whole model.",
    code=('model.load_weights("model.weights.h5")\nmodel.save("model.keras")'),
    source="https://keras.io/api/models/model_saving_apis/weights_saving_and_loading/",
    rank=10,
)
