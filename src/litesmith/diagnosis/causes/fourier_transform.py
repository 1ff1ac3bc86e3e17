"""Fourier transforms other than RFFT2D."""

from __future__ import annotations

from litesmith.diagnosis.cause import Cause, Stage
from litesmith.diagnosis.causes._kernels import COMPATIBILITY, without_kernel
from litesmith.diagnosis.locations import at_errors

PLUGIN = Cause(
    name="fourier_transform",
    title="a Fourier transform",
    stage=Stage.CONVERTING,
    pattern=without_kernel(
        "FFT",
        "FFT2D",
        "FFT3D",
        "IFFT",
        "IFFT2D",
        "IFFT3D",
        "IRFFT",
        "IRFFT2D",
        "IRFFT3D",
        "RFFT3D",
        "FFTND",
        "IFFTND",
        "RFFTND",
        "IRFFTND",
    ),
    why=(
        "Of the Fourier transforms TFLite has the real, forward one alone (tf.signal.rfft, rfft2d and what is "
        "made of them, such as tf.signal.stft); this one it has not ({ops})."
    ),
    remedy=(
        "Rewrite it with tf.signal.rfft where the input is real, or as a product with a constant matrix of sines "
        "and cosines where it is short."
    ),
    code="spectrum = tf.signal.rfft(x)",
    cured_by="select_tf_ops",
    source=COMPATIBILITY,
    rank=27,
    where=at_errors,
)
