"""Shapes as TensorFlow writes them, and a size for those that are open."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from litesmith.core.open_source import OpenModel
from litesmith.core.tensors import TensorSpec

_SIZES = (32, 64, 16, 8, 4, 224, 1)  # a model may need some least size, a multiple of a power of two, or a short one


def with_batch(spec: TensorSpec, batch: int | None, size: int | None = None) -> list[int | None]:
    """Return the shape with the first dimension set to `batch`; other dynamic sizes become `size`, None if that is.

    >>> with_batch(TensorSpec(name="x", dtype="float32", shape=(-1, 8, -1)), 1)
    [1, 8, None]
    >>> with_batch(TensorSpec(name="x", dtype="float32", shape=(-1, 8, -1)), 1, 32)
    [1, 8, 32]
    """
    sizes = [size if dim < 0 else dim for dim in spec.shape]
    if sizes and spec.shape[0] < 0:
        sizes[0] = batch
    return sizes


def as_it_is(model: OpenModel, batch: int | None) -> bool:
    """Tell whether the model's own batch is the one asked for, for what cannot set it."""
    return batch is None or all(spec.shape[:1] != (-1,) for spec in model.inputs)


def has_open_size(specs: Sequence[TensorSpec]) -> bool:
    """Tell whether any size but the batch is dynamic."""
    return any(dim < 0 for spec in specs for dim in spec.shape[1:])


def working_size(model: OpenModel) -> int:
    """Return a size for every open dimension at which the model runs; 1 when none was found or none is open."""
    import tensorflow as tf

    if not has_open_size(model.inputs):
        return 1
    for size in _SIZES:
        shapes = [[1 if dim is None else dim for dim in with_batch(spec, 1, size)] for spec in model.inputs]
        try:
            model.call(
                [tf.constant(np.zeros(s), dtype=spec.dtype) for s, spec in zip(shapes, model.inputs, strict=True)]
            )
        except Exception:  # noqa: S112 - whatever the model says to a size that it does not take
            continue
        return size
    return 1
