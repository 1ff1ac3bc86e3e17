"""An input of any number of dimensions."""

from __future__ import annotations

import re

from litesmith.diagnosis.cause import Cause, Evidence, Stage


def _where(match: re.Match[str], evidence: Evidence) -> tuple[str, ...]:
    del evidence
    return (f"input {match['input']}",)


PLUGIN = Cause(
    name="unknown_rank",
    title="an input of unknown rank",
    stage=Stage.OPENING,
    pattern=re.compile(r"the shape of input '(?P<input>[^'\n]*)' is not known"),
    why=(
        "The input {input} takes tensors of any number of dimensions, and every tensor of a .tflite has a fixed number."
    ),
    remedy="Save it again with a shape in its input_signature; sizes may stay open with None.",
    code="function = tf.function(model, input_signature=[tf.TensorSpec([None, 224, 224, 3], tf.float32)])",
    source="https://www.tensorflow.org/guide/saved_model",
    rank=10,
    where=_where,
)
