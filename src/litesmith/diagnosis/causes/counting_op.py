"""Counts and histograms."""

from __future__ import annotations

from litesmith.diagnosis.cause import Cause, Stage
from litesmith.diagnosis.causes._kernels import COMPATIBILITY, without_kernel
from litesmith.diagnosis.locations import at_errors

PLUGIN = Cause(
    name="counting_op",
    title="counting values (bincount, histogram)",
    stage=Stage.CONVERTING,
    pattern=without_kernel(
        "DenseBincount", "Bincount", "RaggedBincount", "HistogramFixedWidth", r"UniqueWithCounts\w*"
    ),
    why=(
        "TFLite has no kernel that counts values ({ops}). CategoryEncoding with multi_hot or count and "
        "keras.ops.bincount are made of it."
    ),
    remedy="Add up one-hot vectors.",
    code="counts = tf.reduce_sum(tf.one_hot(x, depth=5), axis=1)",
    cured_by="select_tf_ops",
    source=COMPATIBILITY,
    rank=30,
    where=at_errors,
)
