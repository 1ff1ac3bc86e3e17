"""tf.switch_case, which TFLite lacks."""

from __future__ import annotations

from litesmith.diagnosis.cause import Cause, Stage
from litesmith.diagnosis.causes._kernels import COMPATIBILITY, without_kernel
from litesmith.diagnosis.locations import at_errors

PLUGIN = Cause(
    name="switch_case",
    title="a choice between several branches (tf.switch_case)",
    stage=Stage.CONVERTING,
    pattern=without_kernel("Case"),
    why=(
        "TFLite has tf.cond with two branches; tf.switch_case and tf.case with an index have no kernel and are "
        "not in TensorFlow's select ops either."
    ),
    remedy="Nest tf.cond, or compute every branch and pick one with tf.gather.",
    code="y = tf.gather(tf.stack([branch_0(x), branch_1(x), branch_2(x)]), index)",
    source=COMPATIBILITY,
    rank=22,
    where=at_errors,
)
