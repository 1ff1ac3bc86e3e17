"""Arithmetic on integers that TFLite has no kernels for."""

from __future__ import annotations

from litesmith.diagnosis.cause import Cause, Stage
from litesmith.diagnosis.causes._kernels import COMPATIBILITY, without_kernel_for
from litesmith.diagnosis.locations import at_errors

PLUGIN = Cause(
    name="integer_type",
    title="arithmetic on a type of integers",
    stage=Stage.CONVERTING,
    pattern=without_kernel_for(r"ui?\d+|i8|i16|i32|i64"),
    why=(
        "TFLite has no kernel for {op} on {type} (i32 stands for int32, ui16 for uint16): it computes in float32 "
        "and, for some operators, in int32 or int64."
    ),
    remedy="Cast to float32 before the operation and back after it.",
    code="y = tf.cast(tf.cast(x, tf.float32) * 2.0, tf.int32)",
    cured_by="select_tf_ops",
    source=COMPATIBILITY,
    rank=46,
    where=at_errors,
)
