"""What goes into and comes out of a model."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from litesmith.core.errors import EvaluationError


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorSpec:
    """One input or output of a model.

    Attributes:
        name: Name in the signature, as the user's code feeds it.
        dtype: NumPy name, such as `float32` or `int8`.
        shape: Dimensions; -1 where the size is dynamic. The batch is the first.
        scale: Quantization scale; 0.0 when the tensor is not quantized.
        zero_point: Integer that stands for 0.0.
        byte_scale: Not 0.0 where raw bytes are the input as they are: the byte itself for uint8, the byte less 128 for
            int8. Byte b then stands for the real value byte_scale * (b - byte_zero).
        byte_zero: The byte that stands for 0.0 there.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    scale: float = 0.0
    zero_point: int = 0
    byte_scale: float = 0.0
    byte_zero: int = 0

    @property
    def byte_fed(self) -> bool:
        """Whether raw bytes are the input as they are."""
        return self.byte_scale != 0.0

    @property
    def quantized(self) -> bool:
        """Whether values are integers with a scale."""
        return self.scale != 0.0

    @property
    def sample_shape(self) -> tuple[int, ...]:
        """The shape without the batch dimension."""
        return self.shape[1:]

    @property
    def sample_size(self) -> int:
        """Elements of one sample; dynamic dimensions count as one."""
        return math.prod(max(d, 1) for d in self.sample_shape)


def quantize(values: npt.NDArray[np.float32], spec: TensorSpec) -> npt.NDArray[np.generic]:
    """Return `values` as the integers the tensor takes: round half to even, then saturate.

    float32 [...] -> spec.dtype [...]. Computed in float32 as the LiteRT kernels do.

    Raises:
        EvaluationError: the tensor is of an integer type without a scale and a value is not whole or out of its range.
    """
    dtype = np.dtype(spec.dtype)
    if dtype.kind == "f":
        return values.astype(dtype, copy=False)
    if not spec.quantized:
        with np.errstate(invalid="ignore"):  # NaN and what lies out of range are refused below
            whole = values.astype(dtype)
        if not np.array_equal(whole, values):
            raise EvaluationError(
                f"input '{spec.name}' takes {spec.dtype} without a scale, but a value is not whole or out of range",
                hint="Use --preprocess raw for a model with integer input.",
            )
        return whole
    limits = np.iinfo(dtype)
    scaled = values * np.float32(1.0 / spec.scale)
    np.rint(scaled, out=scaled)
    scaled += np.float32(spec.zero_point)
    np.clip(scaled, limits.min, limits.max, out=scaled)
    integers: npt.NDArray[np.generic] = scaled.astype(dtype)
    return integers


def dequantize(values: npt.NDArray[np.generic], spec: TensorSpec) -> npt.NDArray[np.float32]:
    """Return real values of a model's output: (q - zero_point) * scale. Any dtype [...] -> float32 [...]."""
    if not spec.quantized:
        return values.astype(np.float32, copy=False)
    real: npt.NDArray[np.float32] = values.astype(np.float32)
    real -= np.float32(spec.zero_point)
    real *= np.float32(spec.scale)
    return real
