"""A first comparison of a .tflite with its source, on a few random samples, before a rung counts as one that works."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import numpy.typing as npt

from litesmith.convert.check import SourceNotFinite, checked, require_steady
from litesmith.convert.made_answers import NotRunnable, runner
from litesmith.convert.rungs.full_precision import precision
from litesmith.convert.rungs.shapes import has_open_size, working_size
from litesmith.core.conversion import Conversion
from litesmith.core.open_source import OpenModel
from litesmith.core.tensors import TensorSpec

_ROUNDS = 3
_BATCH = 2  # of a dynamic batch: one would not show that samples are kept apart
Array = npt.NDArray[Any]


def trial(model: OpenModel, data: bytes, inputs: Sequence[TensorSpec], outputs: Sequence[TensorSpec]) -> bool:
    """Compare the answers on random samples; return whether that was possible.

    It is not where the source itself refuses random values or answers them with NaN or infinity alone, as a logarithm
    does, or where nothing here can run the file.

    Args:
        model: The source, as the user made it.
        data: The .tflite.
        inputs: As the .tflite has them, in the user's order.
        outputs: As `inputs`.

    Raises:
        AnswersChanged: they differ by more than a conversion may, or the source's differ from its own.
    """
    import tensorflow as tf

    try:
        run = runner(data)
    except NotRunnable:
        return False
    size = working_size(model) if has_open_size(inputs) else 1
    random = np.random.default_rng(0)
    several = _several(model, inputs)
    theirs: list[list[Array]] = []
    again: list[list[Array]] = []
    ours: list[list[Array]] = []
    for _ in range(_ROUNDS):
        rows = [[_random(random, spec, size) for spec in inputs] for _ in range(several)]
        try:
            tensors = [
                tf.constant(np.concatenate(feeds) if several > 1 else feeds[0], dtype=spec.dtype)
                for feeds, spec in zip(zip(*rows, strict=True), model.inputs, strict=True)
            ]
            theirs.append([_plain(tensor.numpy()) for tensor in model.call(tensors)])
            again.append([_plain(tensor.numpy()) for tensor in model.call(tensors)])
        except Exception:
            return False
        answers = [[_plain(value) for value in run(feeds)] for feeds in rows]
        ours.append([np.concatenate(values) if several > 1 else values[0] for values in zip(*answers, strict=True)])
    require_steady(theirs, again, precision=precision(model))
    compared = Conversion(
        file="", sha256="", size_bytes=0, route="", attempts=(), batch=0, signature="", duration_s=0.0,
        inputs=tuple(inputs), outputs=tuple(outputs),
    )  # fmt: skip
    told = 0
    for one, other in zip(theirs, ours, strict=True):
        with suppress(SourceNotFinite):
            checked(
                compared,
                [_listed(value) for value in one],
                [_listed(value) for value in other],
                check_source="random values",
                precision=precision(model),
            )
            told += 1
    return told > 0


def _several(model: OpenModel, inputs: Sequence[TensorSpec]) -> int:
    """Return how many of the .tflite's batches make up one of the source's, where that is fixed at more."""
    sizes = [(own.shape[0], made.shape[0]) for own, made in zip(model.inputs, inputs, strict=True) if own.shape]
    return max((own // max(made, _BATCH if made < 0 else 1) for own, made in sizes if own > 1), default=1) or 1


def _random(random: np.random.Generator, spec: TensorSpec, size: int) -> Array:
    """Return floats in -1..1, integers 0 or 1."""
    shape = [size if dim < 0 else dim for dim in spec.shape]
    if spec.shape and spec.shape[0] < 0:
        shape[0] = _BATCH
    dtype = np.dtype(spec.dtype)
    values = random.uniform(-1, 1, shape) if dtype.kind == "f" else random.integers(0, 2, shape)
    return values.astype(dtype)


def _plain(value: Array) -> Array:
    return value if value.dtype.kind in "iub" or value.dtype == np.float64 else value.astype(np.float32)


def _listed(value: Array) -> Array:
    return value if value.ndim else value[None]
