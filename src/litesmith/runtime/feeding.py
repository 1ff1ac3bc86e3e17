"""From a stored sample to the array a model takes, with as little work per sample as possible."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from litesmith.core.errors import DatasetError
from litesmith.core.preprocessing import normalize
from litesmith.core.samples import SampleInput, SampleSet
from litesmith.core.tensors import TensorSpec, quantize

Array = npt.NDArray[np.generic]
_BYTES = np.arange(256, dtype=np.uint8)
_MOST_RISES = 4


class Feed(Protocol):
    """Turns a stored row [1, ...] into a model's input. A protocol, as its second argument may be left out."""

    def __call__(self, row: Array, out: Array | None = None) -> Array:
        """Return the input: in `out` where that is given and saves a copy, else in an array the next call reuses."""


def feeder(samples: SampleSet, entry: SampleInput, spec: TensorSpec) -> Feed:
    """Return the function that turns a stored row [1, ...] into the model's input [1, ...] of `spec.dtype`.

    8-bit samples with one scale for all channels map byte to byte
    when the model takes 8-bit integers: by the fastest arithmetic that gives, for all 256 bytes, exactly what
    `normalize` and `quantize` give. A model that takes bytes as they are (`byte_fed`) gets them so.
    """
    if not entry.normalized:
        return _as_stored(entry, spec)
    if spec.byte_fed and entry.dtype == "uint8":
        if spec.dtype == "float32":  # the float model that such an integer model was made from
            return _scaled(np.float32(spec.byte_scale), np.float32(-spec.byte_scale * spec.byte_zero))
        return _byte_to_byte(_BYTES if spec.dtype == "uint8" else _BYTES ^ np.uint8(128), spec.dtype)
    record = samples.preprocessing
    single = len(record.scale) == 1 and len(record.offset) == 1
    if entry.dtype == "uint8" and single and spec.dtype in ("int8", "uint8"):
        return _byte_to_byte(quantize(normalize(_BYTES, record), spec).view(np.uint8), spec.dtype)
    if single and spec.dtype == "float32":
        return _scaled(np.float32(record.scale[0]), np.float32(record.offset[0]))
    return _computed(lambda row: quantize(normalize(row, record), spec))


def _as_stored(entry: SampleInput, spec: TensorSpec) -> Feed:
    """Return the feed of values that no preprocessing applies to: integers as they are, real ones as the input's."""
    if spec.quantized and entry.dtype.startswith("float"):  # features beside an image
        return _computed(lambda row: quantize(row.astype(np.float32), spec))
    dtype = np.dtype(spec.dtype)
    return _computed(lambda row: np.ascontiguousarray(row, dtype))


def _computed(function: Callable[[Array], Array]) -> Feed:
    """Return a feed that makes a new array each time."""

    def feed(row: Array, out: Array | None = None) -> Array:
        del out
        return function(row)

    return feed


def _scaled(scale: np.float32, offset: np.float32) -> Feed:
    """Return `normalize` for one scale and offset, computed in place."""
    kept: Array = np.empty(0, np.float32)

    def feed(row: Array, out: Array | None = None) -> Array:
        nonlocal kept
        if out is None and kept.shape != row.shape:
            kept = np.empty(row.shape, np.float32)
        made = kept if out is None else out
        np.copyto(made, row, casting="same_kind" if row.dtype.kind == "f" else "unsafe")
        if scale != 1:
            np.multiply(made, scale, out=made)
        if offset != 0:
            np.add(made, offset, out=made)
        return made

    return feed


def _byte_to_byte(table: npt.NDArray[np.uint8], dtype: str) -> Feed:
    """Return the function that applies a table of 256 bytes."""
    if np.array_equal(table, _BYTES):
        return _computed(lambda row: np.ascontiguousarray(row).view(dtype))
    if np.array_equal(table, _BYTES ^ 128):
        return _computed(lambda row: np.bitwise_xor(row, 128).view(dtype))
    found = steps(table)
    if found is None:
        translation = table.tobytes()
        return _computed(lambda row: np.frombuffer(row.tobytes().translate(translation), dtype).reshape(row.shape))
    first, rises = found
    kept, above = np.empty(0, np.uint8), np.empty(0, np.bool_)

    def feed(row: Array, out: Array | None = None) -> Array:
        nonlocal kept, above
        del out
        if kept.shape != row.shape:
            kept, above = np.empty(row.shape, np.uint8), np.empty(row.shape, np.bool_)
        np.add(row, first, out=kept)
        for last, rise in rises:
            np.greater(row, last, out=above)
            if rise == 255:  # -1 in 8 bits
                np.subtract(kept, above.view(np.uint8), out=kept)
            else:
                np.add(kept, above.view(np.uint8) * rise, out=kept)
        return kept.view(dtype)

    return feed


def steps(table: npt.NDArray[np.uint8]) -> tuple[np.uint8, list[tuple[np.uint8, np.uint8]]] | None:
    """Return a table as `byte + first`, plus `rise` for every byte above `last`, in 8 bits; None above four rises.

    A range that follows from the preprocessing gives such a table: integers as far apart as the bytes, less one or
    two of them. A few additions of bytes are many times faster than a table look-up.
    """
    offsets = table - _BYTES
    rises = np.diff(offsets)
    changes = np.flatnonzero(rises)
    if len(changes) > _MOST_RISES:
        return None
    return offsets[0], [(_BYTES[i], rises[i]) for i in changes]


def feeders(samples: SampleSet, specs: Sequence[TensorSpec]) -> list[Feed]:
    """Return one feeder per model input, samples matched to inputs by name.

    Raises:
        DatasetError: an input has no samples.
    """
    return [
        feeder(samples, samples.inputs[position], spec)
        for position, spec in zip(match(samples, specs), specs, strict=True)
    ]


def match(samples: SampleSet, specs: Sequence[TensorSpec]) -> list[int]:
    """Return, for each model input, the position of its samples.

    Raises:
        DatasetError: an input has no samples.
    """
    if len(specs) == 1 and len(samples.inputs) == 1:
        return [0]
    names = [entry.name for entry in samples.inputs]
    missing = [spec.name for spec in specs if spec.name not in names]
    if missing:
        raise DatasetError(
            f"no samples for input {', '.join(missing)}; the dataset has {', '.join(names)}",
            hint="Name the arrays of the .npz as the model's inputs.",
        )
    return [names.index(spec.name) for spec in specs]
