"""Complex numbers outside of a real transform."""

from __future__ import annotations

from litesmith.diagnosis.cause import Cause, Stage
from litesmith.diagnosis.causes._kernels import COMPATIBILITY, without_kernel
from litesmith.diagnosis.locations import at_errors

PLUGIN = Cause(
    name="complex_numbers",
    title="complex numbers",
    stage=Stage.CONVERTING,
    pattern=without_kernel("Complex", "Conj", "Angle", "ComplexAbs", "Real", "Imag", "Polar"),
    why=(
        "TFLite handles complex numbers between a real Fourier transform and its real part, imaginary part or "
        "magnitude, and nowhere else ({ops})."
    ),
    remedy="Keep real and imaginary part as two real tensors and write products out.",
    code=("real = a_real * b_real - a_imag * b_imag\nimag = a_real * b_imag + a_imag * b_real"),
    cured_by="select_tf_ops",
    source=COMPATIBILITY,
    rank=32,
    where=at_errors,
)
