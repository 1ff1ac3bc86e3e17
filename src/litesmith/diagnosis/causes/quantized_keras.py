"""Layers that Keras itself quantized."""

from __future__ import annotations

import re

from litesmith.diagnosis.cause import Cause, Stage
from litesmith.diagnosis.locations import at_errors

PLUGIN = Cause(
    name="quantized_keras",
    title="layers quantized by Keras (model.quantize)",
    stage=Stage.CONVERTING,
    pattern=re.compile(
        r"op operand #\d+ must be tensor of [^\n]*but got 'tensor<[^\n']*x(?P<type>i8|i4)>'"
        r"|Failed to convert element type '(?P<type_2>f8\w+)'"
    ),
    why=(
        "Keras' own quantization keeps weights in {type}{type_2} and computes with them in its way, which has no "
        "counterpart in TFLite."
    ),
    remedy=(
        "Give Litesmith the float model from before model.quantize: it quantizes by itself, with TFLite's integer"
        " kernels."
    ),
    code='model.save("float.keras")  # before model.quantize("int8")',
    source="https://keras.io/guides/quantization_overview/",
    rank=20,
    where=at_errors,
)
