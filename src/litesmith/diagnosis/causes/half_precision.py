"""Half precision."""

from __future__ import annotations

from litesmith.diagnosis.cause import Cause, Stage
from litesmith.diagnosis.causes._kernels import without_kernel_for
from litesmith.diagnosis.locations import at_errors

PLUGIN = Cause(
    name="half_precision",
    title="half precision (float16 or bfloat16)",
    stage=Stage.CONVERTING,
    pattern=without_kernel_for("f16|bf16"),
    why=(
        "The model computes in half precision, as with the policy mixed_float16; TFLite has no kernels for it "
        "({ops}). Its variables are float32 all the same."
    ),
    remedy=(
        "Give Litesmith the Keras model, which it converts in float32; or build the model with the policy "
        "float32, load the weights and export again. A float16 file is made from float32 afterwards."
    ),
    code='keras.config.set_dtype_policy("float32")',
    cured_by="full_precision",
    source="https://www.tensorflow.org/guide/mixed_precision",
    rank=45,
    where=at_errors,
)
