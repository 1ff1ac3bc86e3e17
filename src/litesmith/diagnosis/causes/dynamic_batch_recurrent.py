"""A recurrent layer with a dynamic batch."""

from __future__ import annotations

import re

from litesmith.diagnosis.cause import Cause, Evidence, Stage
from litesmith.diagnosis.locations import at_errors, places

_RECURRENT = re.compile(r"\w*(?:LSTM|GRU|RNN)\w*|Bidirectional")


def _of_a_layer(match: re.Match[str], evidence: Evidence) -> bool:
    """Tell whether the list may be a layer's: some layer is known to be recurrent, or the op lies in a scope."""
    del match
    if evidence.layers:
        return any(_RECURRENT.fullmatch(layer.kind) for layer in evidence.layers)
    return any(len(place.scopes) > 1 for place in places(evidence.text))


PLUGIN = Cause(
    name="dynamic_batch_recurrent",
    title="a recurrent layer with a dynamic batch",
    stage=Stage.CONVERTING,
    pattern=re.compile(r"'tf\.TensorListReserve' op requires element_shape to be static"),
    why=(
        "An LSTM, GRU or other recurrent layer keeps its steps in a list, and TFLite needs to know the shape of "
        "its elements, the batch included."
    ),
    remedy=(
        "Convert with a batch of 1, which is what an app needs: --batch 1. Or unroll the layer. A "
        "tf.TensorArray of your own needs an element_shape without open dimensions."
    ),
    code="layer = keras.layers.LSTM(5, unroll=True)",
    cured_by="unrolled_recurrent",
    source="https://github.com/tensorflow/tensorflow/issues/62849",
    rank=20,
    where=at_errors,
    fits=_of_a_layer,
)
