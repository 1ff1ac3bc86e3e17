"""tf.ensure_shape, a check that TFLite lacks."""

from __future__ import annotations

import re

from litesmith.diagnosis.cause import Cause, Evidence, Stage
from litesmith.diagnosis.causes._kernels import without_kernel
from litesmith.diagnosis.locations import SHAPE_CHECK, at_errors, failing_ops


def _alone(match: re.Match[str], evidence: Evidence) -> bool:
    """Tell whether nothing else is without a kernel."""
    del match
    return failing_ops(evidence.text) == (f"tf.{SHAPE_CHECK}",)


PLUGIN = Cause(
    name="ensure_shape",
    title="a check of a shape (tf.ensure_shape)",
    stage=Stage.CONVERTING,
    pattern=without_kernel(SHAPE_CHECK),
    why=(
        "tf.ensure_shape compares the shape of a tensor with the one it is given each time the model runs. TFLite has "
        "no kernel for it, of any type. The converter drops it only where it can tell the shape beforehand."
    ),
    remedy=(
        "Leave it out; where the shape has to be told, say it with tf.reshape, or with set_shape, which checks nothing."
    ),
    code="y = tf.reshape(y, [10])  # in place of y = tf.ensure_shape(y, [10])\ny.set_shape([10])  # or this",
    cured_by="without_checks",
    source="https://www.tensorflow.org/api_docs/python/tf/ensure_shape",
    rank=20,
    where=at_errors,
    fits=_alone,
)
