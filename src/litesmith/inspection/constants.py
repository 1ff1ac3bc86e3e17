"""Constants of two files, compared by their real values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from litesmith.core.comparison import ConstantDifference
from litesmith.core.graph import GraphTensor
from litesmith.inspection.matching import Match
from litesmith.runtime.flatbuffer import ModelFile

_ELEMENTS = 1 << 20
"""Elements compared at once: large constants are never copied whole."""
Side = tuple[ModelFile, int, GraphTensor]


def constant_differences(
    first: ModelFile, second: ModelFile, subgraph: int, matches: Sequence[Match]
) -> tuple[list[ConstantDifference], int]:
    """Return the constants that differ, and how many were compared.

    Matched operators' inputs are compared place by place; a constant that several read is compared once.
    """
    left, right = first.graph.subgraphs[subgraph].tensors, second.graph.subgraphs[subgraph].tensors
    seen: set[tuple[int, int]] = set()
    found = []
    for match in matches:
        if match.first is None or match.second is None:
            continue
        for a, b in zip(match.first.inputs, match.second.inputs, strict=False):
            if min(a, b) < 0 or (a, b) in seen or not (left[a].constant and right[b].constant):
                continue
            seen.add((a, b))
            made = _difference((first, subgraph, left[a]), (second, subgraph, right[b]), match.layer)
            found += [made] if made else []
    return found, len(seen)


def _difference(a: Side, b: Side, layer: str) -> ConstantDifference | None:
    """Return how a constant differs; None where type, values and scales are the same."""
    one, other = a[2], b[2]
    if one.dtype == other.dtype and one.shape == other.shape and one.sparse == other.sparse:
        same = np.array_equal(np.frombuffer(a[0].raw(one), np.uint8), np.frombuffer(b[0].raw(other), np.uint8))
        if same and all(map(np.array_equal, _quantization(a), _quantization(b))):
            return None
    largest, span = _largest(a, b)
    return ConstantDifference(
        name=one.name,
        layer=layer,
        before=one.dtype,
        after=other.dtype,
        max_abs_difference=largest,
        max_abs_value=span,
    )


def _quantization(side: Side) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    file, subgraph, tensor = side
    return file.scales(subgraph, tensor.index), file.zero_points(subgraph, tensor.index)


def _largest(a: Side, b: Side) -> tuple[float | None, float | None]:
    """Return the largest absolute difference of real values, and the largest absolute value of the first."""
    mine, theirs = a[0].values(a[2]), b[0].values(b[2])
    if mine is None or theirs is None or mine.shape != theirs.shape or {mine.dtype.kind, theirs.dtype.kind} & set("cb"):
        return None, None
    if mine.size == 0:
        return 0.0, 0.0
    rows = len(mine) if mine.ndim else 1
    step = max(1, _ELEMENTS * rows // mine.size)
    largest = span = 0.0
    for start in range(0, rows, step):
        one, other = _real(mine, a, start, step), _real(theirs, b, start, step)
        if one is None or other is None:
            return None, None
        with np.errstate(all="ignore"):
            largest = max(largest, float(np.max(np.abs(one - other))))
            span = max(span, float(np.max(np.abs(one))))
    return (largest, span) if np.isfinite([largest, span]).all() else (None, None)


def _real(values: npt.NDArray[Any], side: Side, start: int, step: int) -> npt.NDArray[np.float64] | None:
    """Return some rows as real values, float64; None where the scales do not fit the shape."""
    part = values[start : start + step] if values.ndim else values
    real: npt.NDArray[np.float64] = part.astype(np.float64)
    scales, points = _quantization(side)
    if scales.size == 0:
        return real
    points = points if points.size == scales.size else np.zeros(scales.size, np.int64)
    if scales.size == 1:
        return np.asarray((real - points[0]) * float(scales[0]), np.float64)
    axis = side[2].axis
    if not 0 <= axis < values.ndim or scales.size != values.shape[axis]:
        return None
    if axis == 0:
        scales, points = scales[start : start + step], points[start : start + step]
    shape = [-1 if dimension == axis else 1 for dimension in range(values.ndim)]
    return np.asarray((real - points.reshape(shape)) * scales.astype(np.float64).reshape(shape), np.float64)
