"""TFLite's fused LSTM, which goes on from the call before."""

from __future__ import annotations

import re

from litesmith.diagnosis.cause import Cause, Evidence, Stage
from litesmith.diagnosis.locations import by_kind

_KINDS = ("LSTM", "Bidirectional")


def _where(match: re.Match[str], evidence: Evidence) -> tuple[str, ...]:
    del match
    return by_kind(evidence, _KINDS)


def _has_lstm(match: re.Match[str], evidence: Evidence) -> bool:
    return bool(_where(match, evidence))


PLUGIN = Cause(
    name="kept_state",
    title="an LSTM that keeps its state from one call to the next",
    stage=Stage.CHECKING,
    pattern=re.compile(r"conversion changed the answers"),
    why=(
        "The LSTM of Keras 2 becomes TFLite's fused LSTM, which begins each call with the state that the call before "
        "left, until the app resets it. The source begins with zeros."
    ),
    remedy="Unroll the layer, which makes plain operators of it; or build and save the model with Keras 3.",
    code="layer = tf_keras.layers.LSTM(5, unroll=True)",
    cured_by="unrolled_recurrent",
    source="https://github.com/tensorflow/tensorflow/issues/47813",
    rank=25,
    where=_where,
    fits=_has_lstm,
)
