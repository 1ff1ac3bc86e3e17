"""A convolution whose channels or filter are only known when it runs."""

from __future__ import annotations

from litesmith.diagnosis.cause import Cause, Stage
from litesmith.diagnosis.causes._kernels import COMPATIBILITY, without_kernel_at
from litesmith.diagnosis.locations import at_errors

PLUGIN = Cause(
    name="dynamic_filter",
    title="a convolution with open channels",
    stage=Stage.CONVERTING,
    pattern=without_kernel_at(
        r"Conv[23]D|DepthwiseConv2dNative", r": \(tensor<(?:[\d?]+x)*\?xf32>, tensor<(?:[\d?]+x)*\?x[\d?x]*f32>"
    ),
    why="{op} has an input or a filter whose channels are only known when the model runs; TFLite has to know them.",
    remedy="Give the input fixed channels, and let the filter be a weight of the layer.",
    code="x = keras.Input((None, None, 3))  # height and width may stay open",
    cured_by="select_tf_ops",
    source=COMPATIBILITY,
    rank=40,
    where=at_errors,
)
