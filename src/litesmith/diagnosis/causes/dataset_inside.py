"""A tf.data pipeline inside of the model."""

from __future__ import annotations

from litesmith.diagnosis.cause import Cause, Stage
from litesmith.diagnosis.causes._kernels import COMPATIBILITY, without_kernel
from litesmith.diagnosis.locations import at_errors

PLUGIN = Cause(
    name="dataset_inside",
    title="a tf.data pipeline inside the model",
    stage=Stage.CONVERTING,
    pattern=without_kernel(r"\w*Dataset\w*", "MakeIterator", r"IteratorGetNext\w*"),
    why=("The call builds a tf.data.Dataset. Datasets belong to training; TFLite has no kernels for them ({ops})."),
    remedy="Work on whole tensors instead of mapping over a dataset, or do that step before the model.",
    code="y = tf.vectorized_map(function, x)",
    cured_by="select_tf_ops",
    source=COMPATIBILITY,
    rank=30,
    where=at_errors,
)
