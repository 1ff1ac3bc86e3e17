"""Pooling over three dimensions."""

from __future__ import annotations

from litesmith.diagnosis.cause import Cause, Stage
from litesmith.diagnosis.causes._kernels import without_kernel
from litesmith.diagnosis.locations import at_errors

PLUGIN = Cause(
    name="pooling_3d",
    title="3-D pooling",
    stage=Stage.CONVERTING,
    pattern=without_kernel("MaxPool3D", "AvgPool3D"),
    why="TFLite has 3-D convolutions and no 3-D pooling ({ops}).",
    remedy="Pool twice with 2-D pooling: over height and width, then over depth.",
    code=(
        "n, d, h, w, c = x.shape\n"
        "flat = tf.reshape(x, [-1, h, w, c])\n"
        'pooled = tf.reshape(tf.nn.max_pool2d(flat, 2, 2, "VALID"), [-1, d, (h // 2) * (w // 2), c])\n'
        'y = tf.reshape(tf.nn.max_pool2d(pooled, [2, 1], [2, 1], "VALID"), [-1, d // 2, h // 2, w // 2, c])'
    ),
    cured_by="select_tf_ops",
    source="https://github.com/tensorflow/tensorflow/issues/57607",
    rank=30,
    where=at_errors,
)
