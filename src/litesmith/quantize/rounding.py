"""Integers for a weight matrix that keep the layer's output, by second-order rounding.

With inputs x and quantized inputs z, a row w of weights is to become a row v on the grid of its scale such that v z is
near w x. On covariances H = cov(z, z) and G = cov(w x, z), of which the mean is left to the bias, the best real row is

    u = (G + l w) (H + l I)^-1

where the ridge l draws it to the row it had. The columns are then rounded one after the other, and what each rounding
costs is made good by the columns still to come, in the order and with the factors of Frantar et al., "GPTQ: accurate
post-training quantization for generative pre-trained transformers" (ICLR 2023), which go back to Hassibi and Stork,
"Optimal brain surgeon" (1993). That the row first answers for the error of its own input is as in Li et al., "GPTAQ:
efficient finetuning-free quantization for asymmetric calibration" (ICML 2025).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]
_BLOCK = 64
_SHRINKS = np.linspace(1.0, 0.5, 26)
_SHARED_SHRINKS = np.geomspace(1.0, 1 / 128, 43)
"""Where all rows share a scale, the widest may be worth cutting off by far, if its inputs are next to nothing."""
RIDGES = (0.003, 0.03, 0.3, 3.0, 30.0)
"""Candidates for the ridge, as shares of the mean variance of a layer's inputs."""


def best_rows(matrix: Doubles, covariance: Doubles, cross: Doubles, ridge: float) -> Doubles:
    """Return the real rows u, float64 [O, K], for a ridge relative to the mean of the diagonal.

    Args:
        matrix: Rows w, float64 [O, K].
        covariance: H, float64 [K, K].
        cross: G, float64 [O, K].
        ridge: Share of the mean variance.
    """
    size = len(covariance)
    strength = ridge * float(np.trace(covariance)) / size + 1e-12
    damped = covariance + strength * np.eye(size)
    found: Doubles = np.linalg.solve(damped, (cross + strength * matrix).T).T
    return found


def row_scales(matrix: Doubles, importance: Doubles, *, bits: int, per_row: bool) -> Doubles:
    """Return the scale of each row, float64 [O], with the least weighted squared error of plain rounding.

    Args:
        matrix: Rows, float64 [O, K].
        importance: Weight of each column, float64 [K] or [O, K].
        bits: Bits of the integers, which are symmetric.
        per_row: Whether each row has a scale of its own; else all get the same.
    """
    limit = 2 ** (bits - 1) - 1
    extremes = np.abs(matrix).max(axis=1)
    if not per_row:
        extremes = np.full_like(extremes, extremes.max(initial=0.0))
    extremes = np.where(extremes > 0, extremes, 1e-9)
    best: Doubles = extremes / limit
    least = np.full(len(matrix) if per_row else 1, np.inf)
    for shrink in _SHRINKS if per_row else _SHARED_SHRINKS:
        scales = extremes * shrink / limit
        rounded: Doubles = np.clip(np.rint(matrix / scales[:, None]), -limit, limit) * scales[:, None]
        errors = ((matrix - rounded) ** 2 * importance).sum(axis=1)
        errors = errors if per_row else errors.sum(keepdims=True)
        better = errors < least
        least = np.where(better, errors, least)
        best = np.where(better, scales, best)
    return best


def rounded_rows(matrix: Doubles, covariance: Doubles, scales: Doubles, *, ridge: float, bits: int) -> Doubles:
    """Return the integers of each row, float64 [O, K], columns rounded one after the other.

    Args:
        matrix: Real rows, float64 [O, K].
        covariance: Of the columns' inputs, float64 [K, K].
        scales: Of the rows, float64 [O].
        ridge: As for `best_rows`; it keeps the factorisation sound.
        bits: Bits of the integers, which are symmetric.
    """
    limit, size = 2 ** (bits - 1) - 1, len(covariance)
    order = np.argsort(-np.diag(covariance), kind="stable")
    damped = covariance[np.ix_(order, order)]
    damped = damped + (max(ridge, 1e-3) * float(np.trace(damped)) / size + 1e-12) * np.eye(size)
    factor = np.linalg.cholesky(np.linalg.inv(damped)).T  # upper triangular, factor.T @ factor is the inverse
    left = matrix[:, order].copy()
    made = np.zeros_like(left)
    for start in range(0, size, _BLOCK):
        stop = min(start + _BLOCK, size)
        block, errors = left[:, start:stop], np.empty((len(left), stop - start))
        for column in range(stop - start):
            at = start + column
            made[:, at] = np.clip(np.rint(block[:, column] / scales), -limit, limit)
            errors[:, column] = (block[:, column] - made[:, at] * scales) / factor[at, at]
            block[:, column:] -= errors[:, column, None] * factor[at, at:stop]
        left[:, stop:] -= errors @ factor[start:stop, stop:]
    back: Doubles = np.empty_like(made)
    back[:, order] = made
    return back


def moments(targets: npt.NDArray[Any], rows: npt.NDArray[Any], *, centred: bool = True) -> tuple[Doubles, Doubles]:
    """Return (H, G): covariances of the rows' columns, and of the targets with them.

    Args:
        targets: float32 [N, O].
        rows: float32 [N, K].
        centred: Whether means are taken off, for layers with a bias that can take them.
    """
    if centred:
        rows, targets = rows - rows.mean(axis=0), targets - targets.mean(axis=0)
    count = max(len(rows), 1)
    return (rows.T @ rows).astype(np.float64) / count, (targets.T @ rows).astype(np.float64) / count


def moments_each(targets: npt.NDArray[Any], rows: npt.NDArray[Any], *, centred: bool = True) -> tuple[Doubles, Doubles]:
    """Return the same where each output has inputs of its own: (float64 [O, K, K], float64 [O, K]).

    Args:
        targets: float32 [N, O].
        rows: float32 [K, N, O].
        centred: As for `moments`.
    """
    if centred:
        rows, targets = rows - rows.mean(axis=1, keepdims=True), targets - targets.mean(axis=0)
    taps, count, channels = rows.shape
    covariance, cross = np.empty((channels, taps, taps)), np.empty((channels, taps))
    for one in range(taps):
        cross[:, one] = np.einsum("nc,nc->c", targets, rows[one])
        for other in range(one + 1):
            covariance[:, one, other] = covariance[:, other, one] = np.einsum("nc,nc->c", rows[one], rows[other])
    return covariance / max(count, 1), cross / max(count, 1)


def best_each(matrix: Doubles, covariance: Doubles, cross: Doubles, ridge: float) -> Doubles:
    """Return `best_rows` where each row has a covariance of its own, float64 [O, K, K]."""
    damped, strength = _damped_each(covariance, ridge)
    solved = np.linalg.solve(damped, (cross + strength[:, None] * matrix)[..., None])
    return np.asarray(solved[..., 0], np.float64)


def rounded_each(matrix: Doubles, covariance: Doubles, scales: Doubles, *, ridge: float, bits: int) -> Doubles:
    """Return `rounded_rows` where each row has a covariance of its own, float64 [O, K, K]; columns in their order."""
    limit = 2 ** (bits - 1) - 1
    damped, _ = _damped_each(covariance, max(ridge, 1e-3))
    factor = np.linalg.cholesky(np.linalg.inv(damped)).transpose(0, 2, 1)
    left, made = matrix.copy(), np.zeros_like(matrix)
    for column in range(matrix.shape[1]):
        made[:, column] = np.clip(np.rint(left[:, column] / scales), -limit, limit)
        error = (left[:, column] - made[:, column] * scales) / factor[:, column, column]
        left[:, column:] -= error[:, None] * factor[:, column, column:]
    return made


def _damped_each(covariance: Doubles, ridge: float) -> tuple[Doubles, Doubles]:
    size = covariance.shape[-1]
    strength = np.asarray(ridge * np.trace(covariance, axis1=1, axis2=2) / size + 1e-12, np.float64)
    return covariance + strength[:, None, None] * np.eye(size), strength
