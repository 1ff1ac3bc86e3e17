"""Ranges of the twin's tensors while it is trained, from the samples it is trained on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from litesmith.recover.points import Points, Rounding
from litesmith.recover.rounding import STEPS, Grid, grid_of
from litesmith.recover.tape import Tape, played

_ELEMENTS = 1 << 18
_BINS = 4096
_SHARES = np.geomspace(0.05, 1.0, 97)
Values = npt.NDArray[np.float64]


def grids_of(
    tape: Tape,
    points: Points,
    batches: Iterable[Sequence[Any]],
    *,
    count: int,
    inputs: Sequence[tuple[float, float] | None],
) -> dict[int, Grid]:
    """Return the grid of every tensor that is rounded, by index.

    Args:
        tape: The twin.
        points: Where it is rounded.
        batches: Model inputs, float32 [B, ...] each; every sample once.
        count: Samples in all batches.
        inputs: Ranges of the model's inputs that are known; None is measured.
    """
    import tensorflow as tf

    wanted = [s.outputs[0] for s, r in zip(tape.steps, points.rounding, strict=True) if r is Rounding.OWN]
    wanted += [i for i, known in zip(tape.inputs, inputs, strict=True) if known is None]
    kept: dict[int, list[npt.NDArray[np.float32]]] = {i: [] for i in wanted}

    @tf.function  # type: ignore[untyped-decorator,unused-ignore]
    def run(*tensors: Any) -> list[Any]:
        values = played(tape, tensors)
        return [_some(values[i], _ELEMENTS / count) for i in wanted]

    for batch in batches:
        for index, (values, low, high) in zip(wanted, run(*batch), strict=True):
            kept[index].append(np.concatenate([values.numpy(), [low.numpy(), high.numpy()]]))
    grids = {i: grid_of(*least_error(np.concatenate(parts).astype(np.float64))) for i, parts in kept.items()}
    grids |= {i: grid_of(*known) for i, known in zip(tape.inputs, inputs, strict=True) if known is not None}
    return _passed_on(tape, points, grids)


def _passed_on(tape: Tape, points: Points, grids: dict[int, Grid]) -> dict[int, Grid]:
    """Return the grids with those of tensors that have the grid of another."""
    found = dict(grids)
    origin: dict[int, int] = {}
    for step, rounding in zip(tape.steps, points.rounding, strict=True):
        if rounding is Rounding.OWN or not step.inputs:
            continue
        origin[step.outputs[0]] = origin.get(step.inputs[0], step.inputs[0])
        source = origin[step.outputs[0]]
        if rounding is Rounding.SAME and source in grids:
            found[step.outputs[0]] = grids[source]
    return found


def _some(tensor: Any, per_sample: float) -> tuple[Any, Any, Any]:
    """Return elements of a tensor [B, ...] from all over it, about `per_sample` from each sample, and its extremes."""
    import tensorflow as tf

    flat = tf.reshape(tensor, [-1])
    size = tf.cast(tf.shape(flat)[0], tf.float32) / tf.cast(tf.shape(tensor)[0], tf.float32)
    step = tf.maximum(tf.cast(tf.math.ceil(size / per_sample), tf.int32), 1)
    step += tf.cast(tf.equal(step % 2, 0), tf.int32)  # channels are mostly even in number: meet all of them
    return flat[::step], tf.reduce_min(flat), tf.reduce_max(flat)


def least_error(values: Values) -> tuple[float, float]:
    """Return the range with the least squared error when values are rounded to 8 bits and clipped to it.

    Both ends are moved in turn over shares of the true extremes. `squared_error` among the
    calibrators does the same for the variants made after training.
    """
    low, high = min(float(values.min()), 0.0), max(float(values.max()), 0.0)
    if high <= low:
        return low, high
    counts, edges = np.histogram(values, _BINS)
    middles = (edges[:-1] + edges[1:]) / 2

    def error(least: float, most: float) -> float:
        outside = np.maximum(np.maximum(least - middles, middles - most), 0.0)
        step = (most - least) / STEPS
        inside = np.where(np.abs(middles) < step / 2, middles**2, step**2 / 12)
        return float(np.where(outside > 0, outside**2, inside) @ counts)

    lowest, highest = low, high
    for _ in range(2):
        high = _best(highest, lambda end, low=low: error(low, end))  # type: ignore[misc]
        low = _best(lowest, lambda end, high=high: error(end, high))  # type: ignore[misc]
    return low, high


def _best(end: float, error: Callable[[float], float]) -> float:
    return min((float(end * share) for share in _SHARES), key=error) if end else end
