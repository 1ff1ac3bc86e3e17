"""An op that neither TFLite nor its select ops have."""

from __future__ import annotations

from litesmith.diagnosis.cause import Cause, Stage
from litesmith.diagnosis.causes._kernels import NOT_IN_FLEX, without_kernel
from litesmith.diagnosis.locations import at_errors

PLUGIN = Cause(
    name="custom_op",
    title="an operator that only TensorFlow itself can run",
    stage=Stage.CONVERTING,
    pattern=without_kernel(r"\w+"),
    why="Neither TFLite nor its select TF ops have {ops}, so no app can run it without a kernel of its own.",
    remedy="Replace it by ops that TFLite has, or cut the model before it and compute that part in the app.",
    source="https://ai.google.dev/edge/litert/models/ops_custom",
    rank=60,
    fits=lambda match, evidence: NOT_IN_FLEX in evidence.text,  # noqa: ARG005 - a condition is asked with both
    where=at_errors,
)
