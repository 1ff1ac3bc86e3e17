"""A Lambda layer whose Python code is in the file."""

from __future__ import annotations

import re

from litesmith.diagnosis.cause import Cause, Stage
from litesmith.diagnosis.locations import at_layer

PLUGIN = Cause(
    name="lambda_code",
    title="a Lambda layer holds Python code",
    stage=Stage.OPENING,
    pattern=re.compile(r"holds Python code in its Lambda layers? (?P<layer>[^;\n]*);"),
    why=(
        "The file holds the code of a lambda, and opening the model would run it. Litesmith runs no code out of a"
        " model file."
    ),
    remedy=(
        "Where you trust the code, export the model as a SavedModel, which holds the graph and no Python; or "
        "replace the Lambda by a layer of Keras."
    ),
    code='model.export("exported_model")  # then: litesmith convert exported_model',
    source="https://keras.io/api/layers/core_layers/lambda/",
    rank=10,
    where=at_layer,
)
