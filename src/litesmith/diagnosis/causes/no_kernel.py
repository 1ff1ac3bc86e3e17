"""Any other op without a TFLite kernel."""

from __future__ import annotations

from litesmith.diagnosis.cause import Cause, Stage
from litesmith.diagnosis.causes._kernels import COMPATIBILITY, without_kernel
from litesmith.diagnosis.locations import at_errors

PLUGIN = Cause(
    name="no_kernel",
    title="an operator without a TFLite kernel",
    stage=Stage.CONVERTING,
    pattern=without_kernel(r"\w+"),
    why="TFLite has no kernel for {ops}.",
    remedy="Replace it by ops that TFLite has, or cut the model before it and compute that part in the app.",
    cured_by="select_tf_ops",
    source=COMPATIBILITY,
    rank=70,
    where=at_errors,
)
