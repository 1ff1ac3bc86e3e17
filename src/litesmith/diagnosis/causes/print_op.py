"""Printing inside of the model."""

from __future__ import annotations

from litesmith.diagnosis.cause import Cause, Stage
from litesmith.diagnosis.causes._kernels import COMPATIBILITY, without_kernel
from litesmith.diagnosis.locations import at_errors

PLUGIN = Cause(
    name="print_op",
    title="tf.print inside the model",
    stage=Stage.CONVERTING,
    pattern=without_kernel("StringFormat", "PrintV2", "Print"),
    why="tf.print makes text and writes it while the model runs; TFLite has neither ({ops}).",
    remedy="Leave it out of the model that is deployed.",
    code=("if training:\n    tf.print(x)"),
    cured_by="without_checks",
    source=COMPATIBILITY,
    rank=20,
    where=at_errors,
)
