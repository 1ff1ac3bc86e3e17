"""Double precision."""

from __future__ import annotations

from litesmith.diagnosis.cause import Cause, Stage
from litesmith.diagnosis.causes._kernels import COMPATIBILITY, without_kernel_for
from litesmith.diagnosis.locations import at_errors

PLUGIN = Cause(
    name="float64",
    title="double precision (float64)",
    stage=Stage.CONVERTING,
    pattern=without_kernel_for("f64|complex<f64>"),
    why="TFLite computes in float32; most operators have no kernel for float64 ({ops}).",
    remedy="Build the layer with dtype float32, or cast before it.",
    code=('keras.layers.Dense(3, dtype="float32")\nx = tf.cast(x, tf.float32)'),
    cured_by="select_tf_ops",
    source=COMPATIBILITY,
    rank=45,
    where=at_errors,
)
