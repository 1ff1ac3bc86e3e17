"""How each input is fed: which arithmetic the generated code needs, and which it can spare."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

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
        factor: For raw bytes and an 8-bit input with values by channel: what a byte is multiplied by, shaped to the
            sample; None where no line meets what scale, offset and rounding give.
        term: What is added then. The whole part is the integer, for int8 the integer plus 128.
        limited: Whether that has to be limited to 0..255.
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
    factor: object = None
    term: object = None
    limited: bool = False
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
    return None if all(v == neutral for v in rounded) else _by_channel(rounded, shape, record)


def _by_channel(values: tuple[float, ...], shape: tuple[int, ...], record: Preprocessing) -> object:
    if len(values) == 1:
        return values[0]
    if record.layout is Layout.CHW and len(shape) >= 4:  # as normalize does, which sees the batch too
        return tuple(((v,),) for v in values)
    return values


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
    if max(len(record.scale), len(record.offset)) == 1:
        return _with_table(feed, _tables(spec, record)[0])
    return _with_lines(feed, record) if spec.quantized else feed


def _tables(spec: TensorSpec, record: Preprocessing) -> npt.NDArray[np.uint8]:
    """Return what each byte becomes in each channel, uint8 [channels, 256]; of int8 the same bits.

    Raises:
        BundleError: the input takes whole numbers, and the preprocessing makes fractions.
    """
    channels = max(len(record.scale), len(record.offset))
    values = normalize(np.repeat(_BYTES[:, None], channels, axis=1), replace(record, layout=Layout.HWC))
    try:
        return np.ascontiguousarray(quantize(values, spec).T).view(np.uint8)
    except EvaluationError as error:
        raise BundleError(
            f"input '{spec.name}' takes {spec.dtype} without a scale, preprocessing '{record.preset}' makes fractions",
            hint="Bundle it with the preprocessing 'raw'.",
        ) from error


def _with_table(feed: Feed, table: npt.NDArray[np.uint8]) -> Feed:
    """Add additions of bytes that give a table, uint8 [256], else the table itself."""
    found = steps(table)
    if found is None:
        return replace(feed, table=table.tobytes().hex())
    first, rises = found
    return replace(feed, first=int(first), rises=tuple((int(last), int(rise)) for last, rise in rises))


def _with_lines(feed: Feed, record: Preprocessing) -> Feed:
    """Add a line for each channel, if there is one for all."""
    shift = 0 if feed.spec.dtype == "uint8" else 128
    lines = [line(table ^ np.uint8(shift)) for table in _tables(feed.spec, record)]
    found = [one for one in lines if one is not None]
    if len(found) < len(lines):
        return feed
    factors, terms, limited = zip(*found, strict=True)
    factor, term = (_by_channel(numbers, feed.shape, record) for numbers in (factors, terms))
    return replace(feed, factor=factor, term=term, limited=any(limited))


def line(table: npt.NDArray[np.uint8]) -> tuple[float, float, bool] | None:
    """Return a line whose whole part is a table's value at every byte: factor, term, and whether it leaves 0..255.

    The line in the middle of all that do so, in exact arithmetic; it is then tried in float32, where multiplying and
    adding round the same on every machine. None where there is none, as where rounding half to even decides.

    Args:
        table: What each byte becomes, uint8 [256].

    >>> line(np.arange(256, dtype=np.uint8) // 2)[0]
    0.5
    """
    bytes_, wanted = np.arange(256.0), table.astype(np.float64)
    low, high = np.where(table == 0, -np.inf, wanted), np.where(table == 255, np.inf, wanted + 1)
    first, second = np.triu_indices(256, 1)
    apart = bytes_[second] - bytes_[first]
    flattest, steepest = ((low[second] - high[first]) / apart).max(), ((high[second] - low[first]) / apart).min()
    if not -np.inf < flattest < steepest < np.inf:
        return None
    factor = (flattest + steepest) / 2
    term = ((low - factor * bytes_).max() + (high - factor * bytes_).min()) / 2
    found = _BYTES.astype(np.float32)
    found *= np.float32(factor)
    found += np.float32(term)
    limited = bool(found.min() < 0 or found.max() >= 256)
    if not np.array_equal(np.clip(found, 0, 255).astype(np.uint8) if limited else found.astype(np.uint8), table):
        return None
    return float(np.float32(factor)), float(np.float32(term)), limited
