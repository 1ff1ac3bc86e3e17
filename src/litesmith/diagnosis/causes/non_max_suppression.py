"""Non-maximum suppression of all classes at once."""

from __future__ import annotations

from litesmith.diagnosis.cause import Cause, Stage
from litesmith.diagnosis.causes._kernels import without_kernel
from litesmith.diagnosis.locations import at_errors

PLUGIN = Cause(
    name="non_max_suppression",
    title="combined non-maximum suppression",
    stage=Stage.CONVERTING,
    pattern=without_kernel("CombinedNonMaxSuppression", "NonMaxSuppressionV[123]", "NonMaxSuppressionWithOverlaps"),
    why=(
        "TFLite has non-maximum suppression over one list of boxes; the one over a batch and all classes has no "
        "kernel ({ops})."
    ),
    remedy=("Call tf.image.non_max_suppression_padded per class, or return boxes and scores and suppress in the app."),
    code=("kept, count = tf.image.non_max_suppression_padded(\n    boxes, scores, 10, pad_to_max_output_size=True\n)"),
    cured_by="select_tf_ops",
    source="https://www.tensorflow.org/api_docs/python/tf/image/non_max_suppression_padded",
    rank=30,
    where=at_errors,
)
