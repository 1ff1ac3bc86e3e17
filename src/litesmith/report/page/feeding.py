"""What an app has to put into a model, and what it gets back, in one line of arithmetic."""

from __future__ import annotations

import re

from litesmith.core.preprocessing import Preprocessing
from litesmith.core.tensors import TensorSpec
from litesmith.report.wording import formula


def what_to_feed(spec: TensorSpec, preprocessing: Preprocessing) -> str:
    """Return what an input takes, from the raw value.

    >>> what_to_feed(TensorSpec(name="x", dtype="float32", shape=(1, 2)), Preprocessing(preset="raw"))
    'raw as float32'
    >>> fed = TensorSpec(name="x", dtype="int8", shape=(1, 2), scale=0.5, byte_scale=0.5, byte_zero=128)
    >>> what_to_feed(fed, Preprocessing(preset="signed"))
    'the raw byte less 128, as int8; nothing else to compute'
    """
    if spec.byte_fed and spec.dtype in ("int8", "uint8"):
        byte = "the raw byte as it is" if spec.dtype == "uint8" else "the raw byte less 128"
        return f"{byte}, as {spec.dtype}; nothing else to compute"
    if "float" in spec.dtype:
        return f"{formula(preprocessing)} as {spec.dtype}"
    bits = re.fullmatch(r"(u?)int(\d+)", spec.dtype)
    if not spec.quantized or not bits:
        return f"values of the type {spec.dtype}"
    span = 1 << int(bits[2])
    low, high = (0, span - 1) if bits[1] else (-span // 2, span // 2 - 1)
    if len(preprocessing.scale) == len(preprocessing.offset) == 1:
        factor = preprocessing.scale[0] / spec.scale
        shift = preprocessing.offset[0] / spec.scale + spec.zero_point
        inner = "raw" if abs(factor - 1) < 1e-6 else f"raw * {factor:.6g}"
        inner += f" {'-' if shift < 0 else '+'} {abs(shift):.6g}" if abs(shift) > 1e-6 else ""
    else:
        inner = f"({formula(preprocessing)}) / {spec.scale:.6g} + {spec.zero_point}"
    return f"round({inner}) as {spec.dtype}, limited to {low}..{high}"


def what_comes_out(spec: TensorSpec) -> str:
    """Return how an output becomes a real value.

    >>> what_comes_out(TensorSpec(name="y", dtype="int8", shape=(1, 2), scale=0.5, zero_point=-3))
    '(value + 3) * 0.5'
    """
    if not spec.quantized:
        return "the value as it is"
    if spec.zero_point == 0:
        return f"value * {spec.scale:.6g}"
    sign = "+" if spec.zero_point < 0 else "-"
    return f"(value {sign} {abs(spec.zero_point)}) * {spec.scale:.6g}"
