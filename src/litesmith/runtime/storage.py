"""How many bits a tensor's numbers take in a .tflite, and which NumPy type they are."""

from __future__ import annotations

from typing import Any

import numpy as np

DTYPES: dict[str, Any] = {
    "float32": np.float32,
    "float16": np.float16,
    "float64": np.float64,
    "int8": np.int8,
    "uint8": np.uint8,
    "int16": np.int16,
    "uint16": np.uint16,
    "int32": np.int32,
    "uint32": np.uint32,
    "int64": np.int64,
    "uint64": np.uint64,
    "bool": np.bool_,
    "complex64": np.complex64,
    "complex128": np.complex128,
}
"""Types that NumPy has too."""
_OTHERS = {"int4": 4, "uint4": 4, "int2": 2, "bfloat16": 16, "float8_e4m3fn": 8, "float8_e5m2": 8}


def storage_bits(dtype: str) -> int:
    """Return the bits of one element; 0 for text and resources, which have no fixed size, and for unknown types.

    >>> storage_bits("int4"), storage_bits("float32"), storage_bits("string")
    (4, 32, 0)
    """
    if dtype in DTYPES:
        return 8 * int(np.dtype(DTYPES[dtype]).itemsize)
    return _OTHERS.get(dtype, 0)
