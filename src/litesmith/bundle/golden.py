"""Golden vectors on disk: what a model was fed and answered, and how far other machines' answers may lie from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from litesmith.core.audit import Precision
from litesmith.core.errors import BundleError
from litesmith.core.files import write_bytes
from litesmith.core.golden import GOLDEN_FOLDER, GoldenTensor, GoldenVector, Tolerance
from litesmith.core.tensors import TensorSpec

Array = npt.NDArray[np.generic]

MOST_BYTES = 2_000_000
"""What all vectors together may take, as long as `_LEAST_VECTORS` are there."""
_LEAST_VECTORS = 4
_EXACT = frozenset({Precision.FULL_INT8, Precision.FULL_INT16, Precision.OTHER})
_FLOAT_RELATIVE = 4e-4
_RUN_TIME_RELATIVE = 1e-3
_ISLAND_RELATIVE = 5e-2
_MOST_RELATIVE = 0.1
_ABSOLUTE = 1e-6
_MARGIN = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeVector:
    """One golden vector before it is written.

    Attributes:
        name: Letters, digits and hyphens.
        about: One line.
        image: The bytes of a PNG, or empty.
        pixels: What it decodes to; None without an image.
        raw: One per input, without the batch dimension.
        inputs: As fed.
        outputs: As answered.
    """

    name: str
    about: str
    image: bytes
    pixels: npt.NDArray[np.uint8] | None
    raw: tuple[Array, ...]
    inputs: tuple[Array, ...]
    outputs: tuple[Array, ...]

    @property
    def size_bytes(self) -> int:
        """What it takes on disk."""
        arrays = (*self.raw, *self.inputs, *self.outputs, *((self.pixels,) if self.pixels is not None else ()))
        return len(self.image) + sum(int(array.nbytes) for array in arrays)


def affordable(vectors: Sequence[MadeVector]) -> list[MadeVector]:
    """Return the vectors that fit into `MOST_BYTES`, in order, at least `_LEAST_VECTORS` of them if there are."""
    kept: list[MadeVector] = []
    spent = 0
    for vector in vectors:
        if len(kept) >= _LEAST_VECTORS and spent + vector.size_bytes > MOST_BYTES:
            continue
        kept.append(vector)
        spent += vector.size_bytes
    return kept


def finite(vector: MadeVector) -> bool:
    """Tell whether every answer is a number. How NaN spreads is not agreed between processors."""
    return all(bool(np.isfinite(o).all()) for o in vector.outputs if o.dtype.kind == "f")


def write_vectors(
    folder: Path, vectors: Sequence[MadeVector], *, inputs: Sequence[TensorSpec], outputs: Sequence[TensorSpec]
) -> tuple[GoldenVector, ...]:
    """Write the files of all vectors below `folder`/golden and return their records.

    Raises:
        OutputError: the folder cannot be written or the disk is full.
    """
    written = []
    for vector in vectors:
        stem = f"{GOLDEN_FOLDER}/{vector.name}"

        def kept(step: str, name: str, array: Array, stem: str = stem) -> GoldenTensor:
            file = f"{stem}.{step}.bin"
            little = np.ascontiguousarray(array.astype(array.dtype.newbyteorder("<"), copy=False))
            write_bytes(folder / file, little.tobytes())
            return GoldenTensor(name=name, file=file, dtype=array.dtype.name, shape=tuple(array.shape))

        def several(step: str, specs: Sequence[TensorSpec], arrays: Sequence[Array]) -> tuple[GoldenTensor, ...]:
            return tuple(
                kept(f"{step}{place}", spec.name, array)
                for place, (spec, array) in enumerate(zip(specs, arrays, strict=True))
            )

        if vector.image:
            write_bytes(folder / f"{stem}.png", vector.image)
        written.append(
            GoldenVector(
                name=vector.name,
                about=vector.about,
                image=f"{stem}.png" if vector.image else "",
                pixels=kept("pixels", "image", vector.pixels) if vector.pixels is not None else None,
                raw=several("raw", inputs, vector.raw),
                inputs=several("input", inputs, vector.inputs),
                outputs=several("output", outputs, vector.outputs),
            )
        )
    return tuple(written)


def exact(precision: Precision) -> bool:
    """Tell whether a model's answers must be the same bytes everywhere: all its operators compute in integers."""
    return precision in _EXACT


def tolerances(precision: Precision, sensitivity: Sequence[float]) -> tuple[Tolerance, ...]:
    """Return how far each output may lie from its golden values; see docs/methods.md for where the figures come from.

    Args:
        precision: What the model computes in.
        sensitivity: For each output, how far it moves when the last digits of the inputs do, as a fraction of its
            largest magnitude.

    Raises:
        BundleError: the model has no outputs.
    """
    if not sensitivity:
        raise BundleError("the model has no outputs", hint="See: litesmith inspect MODEL.tflite")
    return tuple(_tolerance(precision, moved) for moved in sensitivity)


def _tolerance(precision: Precision, moved: float) -> Tolerance:
    if exact(precision):
        return Tolerance(absolute=0.0, relative=0.0, reason="all operators compute in integers: the same bytes")
    if precision is Precision.MIXED:
        return Tolerance(
            absolute=_ABSOLUTE,
            relative=max(_ISLAND_RELATIVE, min(_MARGIN * moved, _MOST_RELATIVE)),
            reason="float operators between integer ones: a last digit can decide a rounding to integers behind them",
        )
    floor, why = _FLOAT_RELATIVE, "float sums are added up in another order by other kernels"
    if precision is Precision.DYNAMIC_RANGE:
        floor = _RUN_TIME_RELATIVE
        why = "activations are quantized while the model runs: a last digit can decide a rounding"
    relative = min(max(floor, _MARGIN * moved), _MOST_RELATIVE)
    if relative > floor:
        why += f"; this output moved by {moved:.1e} of its largest value when inputs moved by one millionth"
    return Tolerance(absolute=_ABSOLUTE, relative=relative, reason=why)
