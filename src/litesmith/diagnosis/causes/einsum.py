"""An einsum that TFLite cannot write as products."""

from __future__ import annotations

import re

from litesmith.diagnosis.cause import Cause, Stage
from litesmith.diagnosis.causes._kernels import BROKEN_OP, without_kernel
from litesmith.diagnosis.locations import at_errors

PLUGIN = Cause(
    name="einsum",
    title="an einsum equation",
    stage=Stage.CONVERTING,
    pattern=re.compile(
        rf"{without_kernel('Einsum').pattern}"
        rf"|error: loc\((?:callsite\()?fused\[\"Einsum:\"[^\n]*: 'tf\.\w+' {BROKEN_OP}"
    ),
    why=(
        "The converter writes einsum as matrix products. It leaves equations with a repeated index in one operand, "
        "such as bii->bi, as they are, and writes outer products with several free indices on one side, such as "
        "bij,bk->bijk, wrongly."
    ),
    remedy=(
        "Write it with tf.linalg.diag_part, tf.matmul and tf.transpose, and an outer product as a product that "
        "broadcasts."
    ),
    code=(
        'y = tf.linalg.diag_part(x)  # in place of tf.einsum("bii->bi", x)\n'
        'y = a[:, :, :, None] * b[:, None, None, :]  # in place of tf.einsum("bij,bk->bijk", a, b)'
    ),
    cured_by="select_tf_ops",
    source="https://www.tensorflow.org/api_docs/python/tf/einsum",
    rank=30,
    where=at_errors,
)
