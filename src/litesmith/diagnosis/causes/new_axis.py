"""An axis added to a tensor of open size."""

from __future__ import annotations

from litesmith.diagnosis.cause import Cause, Stage
from litesmith.diagnosis.causes._kernels import COMPATIBILITY, without_kernel_at
from litesmith.diagnosis.locations import at_errors

PLUGIN = Cause(
    name="new_axis",
    title="an axis added to a tensor of open size",
    stage=Stage.CONVERTING,
    pattern=without_kernel_at("StridedSlice", r"new_axis_mask = (?!0 )[^\n]*: \(tensor<[\dx]*\?"),
    why=(
        "x[:, None] adds an axis with a slice. Where two sizes of x are open, such as batch and length, TFLite's slice "
        "cannot tell the new shape ({op})."
    ),
    remedy="Use tf.expand_dims, or convert with a batch of 1: --batch 1.",
    code="y = tf.expand_dims(x, 2)  # in place of x[:, :, None]",
    cured_by="static_batch",
    source=COMPATIBILITY,
    rank=40,
    where=at_errors,
)
