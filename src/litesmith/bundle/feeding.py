"""How each input is fed: which arithmetic the generated code needs, and which it can spare."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from litesmith.bundle.job import BundleJob
from litesmith.core.errors import BundleError, EvaluationError
from litesmith.core.preprocessing import Layout, Preprocessing, normalize
from litesmith.core.tensors import TensorSpec, quantize
from litesmith.runtime.feeding import steps

_DTYPES = frozenset(
    ("float32", "float16", "float64", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "bool")
)
_BYTES = np.arange(256, dtype=np.uint8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """How raw values become one input.

    Attributes:
        spec: The input.
        shape: As it is fed, batch included; empty for a plain number.
        normalized: Whether scale and offset apply.
        scale: Of the preprocessing, shaped to the sample; None where it is 1.
        offset: Of the preprocessing, shaped to the sample; None where it is 0.
        byte_scale: For a float input that takes bytes as they are: the scale that applies to bytes; else None.
        byte_offset: The offset there.
        first: For raw bytes and an 8-bit input: what is added to each, modulo 256; None where that does not do.
        rises: And what is added to those above a value, (value, rise).
        table: What each of the 256 bytes becomes, in hexadecimal, where only a table does.
        inverse: What values are multiplied by before they are rounded; None where the input has no scale.
    """

    spec: TensorSpec
    shape: tuple[int, ...]
    normalized: bool
    scale: object = None
    offset: object = None
    byte_scale: float | None = None
    byte_offset: float | None = None
    first: int | None = None
    rises: tuple[tuple[int, int], ...] = ()
    table: str = ""
    inverse: float | None = None

    @property
    def size(self) -> int:
        """Elements of one sample."""
        return math.prod(self.shape)

    @property
    def integer(self) -> bool:
        """Whether the input is of an integer type."""
        return not self.spec.dtype.startswith("float")


def require_sound(spec: TensorSpec, what: str) -> None:
    """Check that code can be made of a tensor's type and scale.

    Raises:
        BundleError: NumPy has no such type, or the scale is no number that can be divided by.
    """
    if spec.dtype not in _DTYPES:
        raise BundleError(
            f"{what} '{spec.name}' is of type {spec.dtype}, which a bundle cannot serve",
            hint=f"Convert the model with {what}s of float32, int8 or another type that NumPy has.",
        )
    smallest = 1.0 / float(np.finfo(np.float32).max)
    if spec.quantized and not smallest < spec.scale < math.inf:
        raise BundleError(
            f"{what} '{spec.name}' has scale {spec.scale:g}, which is not above {smallest:.3g} and finite",
            hint="Quantize the model again.",
        )


def feeds(job: BundleJob) -> list[Feed]:
    """Return how each input is fed; the same results as `runtime/feeding.feeder` on the same raw values.

    Raises:
        BundleError: an input is of a type that cannot be fed, or takes whole numbers where the preprocessing makes
            fractions.
    """
    record = job.card.preprocessing or Preprocessing(preset="raw")
    return [
        _feed(spec, shape, record, normalized=normalized)
        for spec, shape, normalized in zip(job.card.inputs, job.input_shapes, job.normalized, strict=True)
    ]


def _feed(spec: TensorSpec, shape: tuple[int, ...], record: Preprocessing, *, normalized: bool) -> Feed:
    require_sound(spec, "input")
    inverse = float(np.float32(1.0 / spec.scale)) if spec.quantized else None
    if not normalized:
        return Feed(spec=spec, shape=shape, normalized=False, inverse=inverse)
    scale, offset = _shaped(record.scale, shape, record, 1.0), _shaped(record.offset, shape, record, 0.0)
    known = Feed(spec=spec, shape=shape, normalized=True, scale=scale, offset=offset, inverse=inverse)
    return _with_bytes(known, record)


def _shaped(values: tuple[float, ...], shape: tuple[int, ...], record: Preprocessing, neutral: float) -> object:
    """Return one number, or nested tuples that broadcast against a sample; None where nothing changes."""
    rounded = tuple(float(np.float32(v)) for v in values)
    if all(v == neutral for v in rounded):
        return None
    if len(rounded) == 1:
        return rounded[0]
    if record.layout is Layout.CHW and len(shape) >= 4:  # as normalize does, which sees the batch too
        return tuple(((v,),) for v in rounded)
    return rounded


def _with_bytes(feed: Feed, record: Preprocessing) -> Feed:
    """Add what is known of raw bytes, by the conditions of `runtime/feeding.feeder`."""
    spec = feed.spec
    if spec.byte_fed and spec.dtype == "float32":
        scale, offset = np.float32(spec.byte_scale), np.float32(-spec.byte_scale * spec.byte_zero)
        return replace(feed, byte_scale=float(scale), byte_offset=float(offset))
    if spec.dtype not in ("int8", "uint8"):
        return feed
    if spec.byte_fed:
        return replace(feed, first=0 if spec.dtype == "uint8" else 128)
    if len(record.scale) != 1 or len(record.offset) != 1:
        return feed
    try:
        table = quantize(normalize(_BYTES, record), spec).view(np.uint8)
    except EvaluationError as error:
        raise BundleError(
            f"input '{spec.name}' takes {spec.dtype} without a scale, preprocessing '{record.preset}' makes fractions",
            hint="Bundle it with the preprocessing 'raw'.",
        ) from error
    found = steps(table)
    if found is None:
        return replace(feed, table=table.tobytes().hex())
    first, rises = found
    return replace(feed, first=int(first), rises=tuple((int(last), int(rise)) for last, rise in rises))
