"""Python code inside of the graph."""

from __future__ import annotations

from litesmith.diagnosis.cause import Cause, Stage
from litesmith.diagnosis.causes._kernels import without_kernel
from litesmith.diagnosis.locations import at_errors

PLUGIN = Cause(
    name="python_function",
    title="a Python function inside the model",
    stage=Stage.CONVERTING,
    pattern=without_kernel("PyFunc", "EagerPyFunc", "PyFuncStateless"),
    why=(
        "tf.numpy_function and tf.py_function call back into the Python process the model was made in. No file "
        "can hold that, and no phone can run it."
    ),
    remedy="Write the function with TensorFlow ops, or do that step in the app.",
    code="y = tf.sort(x)  # instead of tf.numpy_function(np.sort, [x], tf.float32)",
    source="https://www.tensorflow.org/api_docs/python/tf/numpy_function",
    rank=15,
    where=at_errors,
)
