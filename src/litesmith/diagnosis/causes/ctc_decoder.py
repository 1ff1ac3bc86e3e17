"""Decoding of CTC outputs."""

from __future__ import annotations

from litesmith.diagnosis.cause import Cause, Stage
from litesmith.diagnosis.causes._kernels import COMPATIBILITY, without_kernel
from litesmith.diagnosis.locations import at_errors

PLUGIN = Cause(
    name="ctc_decoder",
    title="CTC decoding",
    stage=Stage.CONVERTING,
    pattern=without_kernel(r"CTC\w*"),
    why="The decoder of CTC outputs has no TFLite kernel ({ops}).",
    remedy="Return the scores and decode in the app: take the best symbol of each step, drop repeats, drop blanks.",
    code="best = tf.argmax(scores, axis=-1)  # the last op of the model that is converted",
    cured_by="select_tf_ops",
    source=COMPATIBILITY,
    rank=30,
    where=at_errors,
)
