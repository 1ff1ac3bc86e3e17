"""Made values for golden vectors of models that take tensors: zeros, ends of the range, ties of the rounding, noise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from litesmith.core.preprocessing import PRESETS, Preprocessing
from litesmith.core.tensors import TensorSpec

Array = npt.NDArray[np.generic]
_LARGE = 1000.0
"""What stands for a large value of a float input: float's own limits would only show how infinities spread."""
_MOST_TIES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """Raw values for every input of a model.

    Attributes:
        name: Such as `ties`.
        about: What it is there for, one line.
        raw: One array per input, without the batch dimension.
    """

    name: str
    about: str
    raw: tuple[Array, ...]


def values(
    specs: Sequence[TensorSpec],
    *,
    plain: Sequence[bool],
    preprocessing: Preprocessing,
    seed: int,
    normalized: Sequence[bool] = (),
) -> list[Values]:
    """Return made values for a model's inputs, the most telling first. The same seed gives the same values.

    Args:
        specs: The inputs; dynamic dimensions are taken as 1.
        plain: Which inputs take integers as they are, such as token ids, to which no preprocessing applies. They are
            fed 0 and 1 only: what more they may be, only the model knows.
        preprocessing: Scale and offset that the other inputs are fed through.
        seed: Of the noise.
        normalized: Which inputs that is true of; all where nothing is said. The others take real values as they are.
    """
    random = np.random.default_rng(seed)

    def made(name: str, about: str, one: Callable[[TensorSpec], Array], ids: Callable[[TensorSpec], Array]) -> Values:
        arrays = []
        for spec, is_plain, is_scaled in zip(specs, plain, normalized or [True] * len(specs), strict=True):
            if is_plain:
                arrays.append(ids(spec).astype(spec.dtype))
            else:
                arrays.append(_raw(one(spec), spec, preprocessing if is_scaled else PRESETS["raw"]))
        return Values(name=name, about=about, raw=tuple(arrays))

    def flat(value: float) -> Callable[[TensorSpec], Array]:
        return lambda spec: np.full(_shape(spec), value)

    def bits(spec: TensorSpec) -> Array:
        return random.integers(0, 2, _shape(spec))

    found = [
        made("noise-1", "random values over what the input can take", lambda s: _noise(s, random), bits),
        made("zeros", "the real value 0", flat(0.0), flat(0)),
        made("ties", "values half way between two integers of the input: round half to even", _ties, bits),
        made("smallest", "the low end of the input's range, and beyond it", lambda s: _end(s, -1), flat(0)),
        made("largest", "the high end of the input's range, and beyond it", lambda s: _end(s, 1), flat(1)),
        made("noise-2", "other random values", lambda s: _noise(s, random), bits),
    ]
    quantized = any(spec.quantized and not is_plain for spec, is_plain in zip(specs, plain, strict=True))
    return [entry for entry in found if quantized or entry.name != "ties"]


def _shape(spec: TensorSpec) -> tuple[int, ...]:
    return tuple(max(size, 1) for size in spec.sample_shape)


def _raw(real: Array, spec: TensorSpec, preprocessing: Preprocessing) -> Array:
    """Return what gives the real values after scale and offset: float32, or whole bytes where the input has no scale.

    Only values of one scale are undone; with one per channel the real values are taken as raw ones.
    """
    if not spec.quantized and np.dtype(spec.dtype).kind in "iub":
        limits = np.iinfo(spec.dtype)
        return np.clip(np.rint(real.astype(np.float64)), limits.min, limits.max).astype(spec.dtype)
    values = real.astype(np.float64)
    if len(preprocessing.scale) == 1 and len(preprocessing.offset) == 1:
        values = (values - preprocessing.offset[0]) / preprocessing.scale[0]
    return values.astype(np.float32)


def _ends(spec: TensorSpec) -> tuple[float, float]:
    """Return the real values at the ends of an input's range."""
    kind = np.dtype(spec.dtype)
    if kind.kind == "f":
        return -1.0, 1.0
    limits = np.iinfo(kind)
    if not spec.quantized:
        return float(limits.min), float(limits.max)
    return (limits.min - spec.zero_point) * spec.scale, (limits.max - spec.zero_point) * spec.scale


def _noise(spec: TensorSpec, random: np.random.Generator) -> Array:
    if np.dtype(spec.dtype).kind == "f":
        return random.normal(0, 1, _shape(spec))
    low, high = _ends(spec)
    return random.uniform(low, high, _shape(spec))


def _end(spec: TensorSpec, sign: int) -> Array:
    """Return one end of the range; every second value of a quantized input lies beyond it and is to saturate."""
    if np.dtype(spec.dtype).kind == "f":
        return np.full(_shape(spec), sign * _LARGE)
    low, high = _ends(spec)
    end = low if sign < 0 else high
    filled = np.full(_shape(spec), end)
    if spec.quantized:
        filled.reshape(-1)[1::2] = end + sign * (high - low)
    return filled


def _ties(spec: TensorSpec) -> Array:
    """Return values that, divided by the scale in float32, lie exactly half way between two integers."""
    if not spec.quantized:
        low, high = _ends(spec)
        return np.resize(np.linspace(low, high, 257), _shape(spec))
    limits = np.iinfo(spec.dtype)
    lowest, highest = limits.min - spec.zero_point, limits.max - spec.zero_point
    steps = np.unique(np.linspace(lowest, highest, min(highest - lowest + 1, _MOST_TIES)).astype(np.int64))
    wanted = (steps + 0.5).astype(np.float32)
    inverse = np.float32(1.0 / spec.scale)
    near = (wanted.astype(np.float64) * spec.scale).astype(np.float32)
    found = near.copy()
    candidates = [near]
    for toward in (np.float32(np.inf), np.float32(-np.inf)):
        moved = near
        for _ in range(3):
            moved = np.nextafter(moved, toward)
            candidates.append(moved)
    for candidate in candidates:
        exact = (candidate * inverse == wanted) & (found * inverse != wanted)
        found[exact] = candidate[exact]
    return np.resize(found, _shape(spec))
