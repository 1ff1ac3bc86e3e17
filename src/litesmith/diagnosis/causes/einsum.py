"""An einsum that TFLite cannot write as products."""

from __future__ import annotations

from litesmith.diagnosis.cause import Cause, Stage
from litesmith.diagnosis.causes._kernels import without_kernel
from litesmith.diagnosis.locations import at_errors

PLUGIN = Cause(
    name="einsum",
    title="an einsum equation",
    stage=Stage.CONVERTING,
    pattern=without_kernel("Einsum"),
    why=(
        "The converter writes einsum as matrix products; equations with a repeated index in one operand, such as "
        "bii->bi, it leaves as they are."
    ),
    remedy="Write it with tf.linalg.diag_part, tf.matmul and tf.transpose.",
    code='y = tf.linalg.diag_part(x)  # in place of tf.einsum("bii->bi", x)',
    cured_by="select_tf_ops",
    source="https://www.tensorflow.org/api_docs/python/tf/einsum",
    rank=30,
    where=at_errors,
)
