"""Rounds each weight up or down, and chooses each scale, for the least error of the layer's output.

Second-order rounding on the inputs that the layer really gets, their own quantization error included; see
`quantize/rounding.py`. The aim is that of Nagel et al., "Up or down? Adaptive rounding for post-training quantization"
(ICML 2020); the solution is in closed form, without gradient descent. Means are left to the bias.
"""

import numpy as np

from litesmith.quantize.correction import Correction, LayerStep, Moment
from litesmith.quantize.rounding import (
    RIDGES,
    Doubles,
    best_each,
    best_rows,
    moments,
    moments_each,
    rounded_each,
    rounded_rows,
    row_scales,
)
from litesmith.runtime.weighted import products

_HELD = 4
"""Every fourth sample chooses the ridge."""
_FEW = 8
_DEPTHWISE_RIDGE = 0.003
MOST_INPUTS = 2560
"""Weights of an output channel above which a layer keeps its rounding: the work grows with the third power."""


def correct(step: LayerStep) -> None:
    """Change weights, scales and bias of a layer."""
    if step.layer.depthwise:
        _depthwise(step)
    else:
        _dense(step)
    if step.bias is not None:
        made = products(step.layer, step.fed, step.integers * step.scales[:, None])
        step.bias = (step.targets - made).mean(axis=0, dtype=np.float64)


def _dense(step: LayerStep) -> None:
    if step.matrix.shape[1] > MOST_INPUTS:
        return
    centred = step.bias is not None
    covariance, cross = moments(step.targets, step.fed, centred=centred)
    ridge = _ridge(step, covariance, cross, centred=centred)
    rows = best_rows(step.matrix, covariance, cross, ridge)
    importance = np.diag(covariance) + 1e-12
    step.scales = row_scales(rows, importance, bits=step.bits, per_row=step.per_row)
    step.integers = rounded_rows(rows, covariance, step.scales, ridge=ridge, bits=step.bits)


def _ridge(step: LayerStep, covariance: Doubles, cross: Doubles, *, centred: bool) -> float:
    """Return the ridge whose rows do best on samples that they were not solved for.

    Their share is taken off the moments of all samples. Where means are taken off, it is the means of all.
    """
    held = np.unique(step.groups)[_HELD - 1 :: _HELD]
    if len(held) * _HELD < _FEW:
        return RIDGES[-1]
    out = np.isin(step.groups, held)
    tested, wanted = step.fed[out], step.targets[out]
    if centred:
        tested, wanted = tested - step.fed.mean(axis=0), wanted - step.targets.mean(axis=0)
    share = len(tested) / len(step.fed)
    theirs = moments(wanted, tested, centred=False)
    others = (covariance - share * theirs[0]) / (1 - share), (cross - share * theirs[1]) / (1 - share)
    errors = []
    for ridge in RIDGES:
        rows = best_rows(step.matrix, others[0], others[1], ridge)
        wrong = wanted - products(step.layer, tested, rows)
        errors.append(float(np.square(wrong).sum(dtype=np.float64)))
    return RIDGES[int(np.argmin(errors))]


def _depthwise(step: LayerStep) -> None:
    covariance, cross = moments_each(step.targets, step.fed, centred=step.bias is not None)
    rows: Doubles = best_each(step.matrix, covariance, cross, _DEPTHWISE_RIDGE)
    importance = np.diagonal(covariance, axis1=1, axis2=2) + 1e-12
    step.scales = row_scales(rows, importance, bits=step.bits, per_row=step.per_row)
    step.integers = rounded_each(rows, covariance, step.scales, ridge=_DEPTHWISE_RIDGE, bits=step.bits)


PLUGIN = Correction(
    name="learned_rounding",
    summary="weights rounded for the least error of each layer's output",
    source="Frantar et al., GPTQ, ICLR 2023; aim of Nagel et al., Up or down?, ICML 2020",
    moment=Moment.LAYER,
    order=10,
    correct=correct,
)
