"""Tensors of more dimensions than a kernel takes."""

from __future__ import annotations

from litesmith.diagnosis.cause import Cause, Stage
from litesmith.diagnosis.causes._kernels import COMPATIBILITY, without_kernel_at
from litesmith.diagnosis.locations import at_errors

PLUGIN = Cause(
    name="too_many_dimensions",
    title="a tensor with too many dimensions",
    stage=Stage.CONVERTING,
    pattern=without_kernel_at(
        r"\w*(?:Transpose|Slice|BroadcastTo|Tile|Pack|Reverse|Pad)\w*|AddV2|Mul|Sub|Maximum|Minimum",
        r": \(tensor<(?P<shape>(?:[\d?]+x){6,})",
    ),
    why="{op} works on a tensor of shape {shape} and more; its TFLite kernel takes five or six dimensions at most.",
    remedy="Merge dimensions that stay side by side before the operation, and split them after it.",
    code=(
        "x = tf.reshape(x, [-1, 4, 4, 8])  # four dimensions in place of seven\n"
        "y = tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [-1, 2, 2, 2, 2, 4, 2])"
    ),
    cured_by="select_tf_ops",
    source=COMPATIBILITY,
    rank=41,
    where=at_errors,
)
