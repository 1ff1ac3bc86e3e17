"""A recurrent layer with a dynamic batch."""

from __future__ import annotations

import re

from litesmith.diagnosis.cause import Cause, Stage
from litesmith.diagnosis.locations import at_errors

PLUGIN = Cause(
    name="dynamic_batch_recurrent",
    title="a recurrent layer with a dynamic batch",
    stage=Stage.CONVERTING,
    pattern=re.compile(r"'tf\.TensorListReserve' op requires element_shape to be static"),
    why=(
        "An LSTM, GRU or other recurrent layer keeps its steps in a list, and TFLite needs to know the shape of "
        "its elements, the batch included."
    ),
    remedy="Convert with a batch of 1, which is what an app needs: --batch 1. Or unroll the layer.",
    code="layer = keras.layers.LSTM(5, unroll=True)",
    cured_by="unrolled_recurrent",
    source="https://github.com/tensorflow/tensorflow/issues/62849",
    rank=20,
    where=at_errors,
)
