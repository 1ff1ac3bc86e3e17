"""A recurrent layer that goes on from the call before."""

from __future__ import annotations

import re

from litesmith.diagnosis.cause import Cause, Stage
from litesmith.diagnosis.locations import at_layer

PLUGIN = Cause(
    name="stateful_layer",
    title="a layer that keeps a state between calls",
    stage=Stage.CONVERTING,
    pattern=re.compile(r"layer '(?P<layer>[^'\n]*)' is stateful"),
    why=(
        "With stateful=True the answer depends on the calls before, so that answers cannot be compared or "
        "measured sample by sample."
    ),
    remedy=(
        "Rebuild the layer with stateful=False; to go on from a state, make it an input and an output of the model."
    ),
    code="output, h, c = keras.layers.LSTM(5, return_state=True)(x, initial_state=[h_in, c_in])",
    source="https://keras.io/api/layers/recurrent_layers/rnn",
    rank=5,
    where=at_layer,
)
