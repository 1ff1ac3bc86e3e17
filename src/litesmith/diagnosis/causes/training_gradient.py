"""Gradients inside of the model."""

from __future__ import annotations

from litesmith.diagnosis.cause import Cause, Stage
from litesmith.diagnosis.causes._kernels import COMPATIBILITY, without_kernel
from litesmith.diagnosis.locations import at_errors

PLUGIN = Cause(
    name="training_gradient",
    title="gradients inside the model",
    stage=Stage.CONVERTING,
    pattern=without_kernel(r"\w+Grad(?:V\d|WithArgmax)?", "Conv2DBackpropFilter", r"DepthwiseConv2dNativeBackprop\w*"),
    why=(
        "The model computes gradients while it answers, as saliency maps and training steps do; most gradient ops"
        " have no TFLite kernel ({ops})."
    ),
    remedy="Convert the model without its tf.GradientTape.",
    cured_by="select_tf_ops",
    source=COMPATIBILITY,
    rank=33,
    where=at_errors,
)
