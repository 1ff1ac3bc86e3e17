"""Shapes as TensorFlow writes them."""

from __future__ import annotations

from litesmith.core.tensors import TensorSpec


def with_batch(spec: TensorSpec, batch: int | None) -> list[int | None]:
    """Return the shape with the first dimension set to `batch`, None where a size is dynamic.

    >>> with_batch(TensorSpec(name="x", dtype="float32", shape=(-1, 8, -1)), 1)
    [1, 8, None]
    """
    sizes = [None if size < 0 else size for size in spec.shape]
    if sizes and sizes[0] is None:
        sizes[0] = batch
    return sizes
