"""Sparse and ragged tensors."""

from __future__ import annotations

from litesmith.diagnosis.cause import Cause, Stage
from litesmith.diagnosis.causes._kernels import COMPATIBILITY, without_kernel
from litesmith.diagnosis.locations import at_errors

PLUGIN = Cause(
    name="sparse_tensor",
    title="sparse or ragged tensors",
    stage=Stage.CONVERTING,
    pattern=without_kernel(r"Sparse\w*", r"Ragged\w*"),
    why="TFLite has dense tensors; ops on sparse and ragged ones have no kernels ({ops}).",
    remedy="Use dense tensors with padding and a mask.",
    code="dense = ragged.to_tensor(default_value=0, shape=[None, 20])  # before the model",
    cured_by="select_tf_ops",
    source=COMPATIBILITY,
    rank=30,
    where=at_errors,
)
