"""Ranges of inputs that are fed from bytes: known from the preprocessing, so nothing has to be measured.

The 256 values a byte can become are evenly spaced. A range that ends on the first and the last of them has the same
step as the bytes, and each byte keeps its own integer if zero lies on the grid (`raw`, `unit`). Where it lies halfway
between two bytes (`signed`), every value is a tie, half a step away from its integer. A range wider by one step in 256
turns the ties into an even spread of errors: 0.29 steps of root mean square error over the 256 bytes instead of 0.50.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from litesmith.core.preprocessing import Layout, Preprocessing, normalize
from litesmith.core.tensors import TensorSpec, dequantize, quantize

_WIDENINGS = (1.0, 1.0 + 1 / 256)


def byte_range(record: Preprocessing) -> tuple[float, float]:
    """Return the (min, max) for an int8 input fed from bytes: of two candidates, the one with the smaller error.

    >>> from litesmith.core.preprocessing import PRESETS
    >>> byte_range(PRESETS["raw"])
    (0.0, 255.0)
    >>> byte_range(PRESETS["signed"])
    (-1.00390625, 1.00390625)
    """
    channels = max(len(record.scale), len(record.offset))
    levels = np.repeat(np.arange(256, dtype=np.uint8)[:, None], channels, axis=1)
    values = normalize(levels.reshape(256, 1, 1, channels), replace(record, layout=Layout.HWC))
    low, high = min(float(values.min()), 0.0), max(float(values.max()), 0.0)

    def error(widening: float) -> float:
        scale = np.float32((high - low) * widening / 255)
        spec = TensorSpec(
            name="",
            dtype="int8",
            shape=(1,),
            scale=float(scale),
            zero_point=int(np.rint(-128 - low * widening / scale)),
        )
        return float(np.square(dequantize(quantize(values, spec), spec) - values).mean())

    best = min(_WIDENINGS, key=error)
    return low * best, high * best
