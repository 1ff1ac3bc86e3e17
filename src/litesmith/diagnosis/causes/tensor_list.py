"""A list of tensors whose size is only known when it runs."""

from __future__ import annotations

import re

from litesmith.diagnosis.cause import Cause, Stage
from litesmith.diagnosis.locations import at_errors

PLUGIN = Cause(
    name="tensor_list",
    title="a list of tensors that grows while the model runs",
    stage=Stage.CONVERTING,
    pattern=re.compile(
        r"'tf\.(?P<op>(?:Empty)?TensorList\w*)' op requires element_shape to be (?:static|1D tensor)"
        r"|'tf\.(?P<op_2>(?:Empty)?TensorList\w*)' op is neither"
    ),
    why=(
        "A tf.TensorArray, or the gradient of a tf.while_loop, keeps its values in a list ({op}{op_2}) whose "
        "elements have no fixed shape."
    ),
    remedy=(
        "Give the TensorArray a size and an element_shape without open dimensions, the batch included, or write the "
        "loop out where the number of steps is known."
    ),
    code="array = tf.TensorArray(tf.float32, size=10, element_shape=[1, 4])  # one sample, four values a step",
    cured_by="select_tf_ops",
    source="https://www.tensorflow.org/api_docs/python/tf/TensorArray",
    rank=21,
    where=at_errors,
)
