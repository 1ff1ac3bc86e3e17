"""Moves each bias so that the layer's output has the mean it has in the float model.

From Nagel et al., "Data-free quantization through weight equalization and bias correction" (ICCV 2019), section 4.2,
with measured means. Layers are corrected in execution order, each with the inputs that the corrected layers before it
give: corrections of all layers at once, from means measured once, would repeat each other. The mean is that of the
output behind activation and saturation, found by a few Newton steps from the mean of the sums.
"""

import numpy as np

from litesmith.quantize.correction import Correction, LayerStep, Moment
from litesmith.runtime.weighted import products

_STEPS = 8
_DAMPING = 0.7
_LEAST_POSITIONS = 16
"""Positions at which an output is neither cut off below nor above, for its mean to be steered by the bias."""


def correct(step: LayerStep) -> None:
    """Change the bias of a layer, if it has one."""
    if step.bias is None:
        return
    low, high = step.limits
    sums = products(step.layer, step.fed, step.integers * step.scales[:, None])
    wanted = np.clip(step.targets, low, high)
    bias = (step.targets - sums).mean(axis=0, dtype=np.float64)
    if np.isfinite(step.limits).any():
        for _ in range(_STEPS):
            made = sums + bias.astype(np.float32)
            free = ((made > low) & (made < high)).sum(axis=0)
            missing = (wanted - np.clip(made, low, high)).sum(axis=0, dtype=np.float64)
            bias += _DAMPING * np.where(free >= _LEAST_POSITIONS, missing / np.maximum(free, 1), 0.0)
    step.bias = bias


PLUGIN = Correction(
    name="bias_correction",
    summary="biases moved so that each layer's output keeps its mean, layer by layer",
    source="Nagel et al., Data-free quantization through weight equalization and bias correction, ICCV 2019",
    moment=Moment.LAYER,
    order=20,
    correct=correct,
)
