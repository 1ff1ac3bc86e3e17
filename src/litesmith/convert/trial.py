"""A first comparison of a .tflite with its source, on a few random samples, before a rung counts as one that works."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import numpy.typing as npt

from litesmith.convert.check import SourceNotFinite, checked
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
        AnswersChanged: they differ by more than a conversion may.
    """
    import tensorflow as tf

    try:
        run = runner(data)
    except NotRunnable:
        return False
    size = working_size(model) if has_open_size(inputs) else 1
    random = np.random.default_rng(0)
    theirs: list[list[Array]] = []
    ours: list[list[Array]] = []
    for _ in range(_ROUNDS):
        feeds = [_random(random, spec, size) for spec in inputs]
        try:
            tensors = [tf.constant(feed, dtype=spec.dtype) for feed, spec in zip(feeds, model.inputs, strict=True)]
            theirs.append([_plain(tensor.numpy()) for tensor in model.call(tensors)])
        except Exception:
            return False
        ours.append([_plain(value) for value in run(feeds)])
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
