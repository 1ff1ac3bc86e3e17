"""Takes a constant off the channels of a tensor, and adds what the layers behind made of it to their biases.

Channel c of a tensor ran from l to h on the samples. Where it is linear, its middle is moved to zero; behind ReLU only
a positive l can be taken off, as max(0, x - l) is max(0, x) - l for the values seen. The tensor's range narrows to what
its channels really use. From Nagel et al., "Data-free quantization through weight equalization and bias correction"
(ICCV 2019), section 4.1.3, with measured extremes in place of three standard deviations.

Only tensors that one layer makes and that layers without padding read: where zeros are put around an image, they would
stand for the constant.
"""

import numpy as np

from litesmith.quantize.correction import Correction, Moment
from litesmith.quantize.preparing import ChannelRange, Doubles, Preparing
from litesmith.runtime.weighted import Layer

_WORTH = 0.02
"""Share of a tensor's range by which its range has to narrow."""


def prepare(preparing: Preparing) -> str:
    """Change biases; return what was done."""
    graph = preparing.graph
    makers = {layer.op.outputs[0]: layer for layer in preparing.layers.values() if layer.bias >= 0}
    readers = graph.consumers()
    seen = preparing.measure()
    narrowed = []
    for tensor, maker in makers.items():
        behind = [preparing.layers.get(index) for index in readers.get(tensor, [])]
        if tensor in graph.outputs or not behind:
            continue
        takers = [layer for layer in behind if layer is not None and layer.bias >= 0 and not layer.padded]
        if len(takers) != len(behind) or any(layer.op.inputs[0] != tensor for layer in takers):
            continue
        shifts = _shifts(maker, seen[tensor])
        share = _narrowed(seen[tensor], shifts)
        if share < _WORTH:
            continue
        preparing.shift_outputs(maker, -shifts)
        for layer in takers:
            preparing.shift_inputs(layer, shifts)
        narrowed.append(share)
    if not narrowed:
        return ""
    return f"{len(narrowed)} tensors shifted, their ranges up to {max(narrowed):.0%} narrower"


def _shifts(maker: Layer, seen: ChannelRange) -> Doubles:
    """Return what to take off each channel, float64 [C]."""
    if maker.limits == (-np.inf, np.inf):
        return (seen.low + seen.high) / 2
    if maker.limits == (0.0, np.inf):
        return np.maximum(seen.low, 0.0)
    return np.zeros_like(seen.low)


def _narrowed(seen: ChannelRange, shifts: Doubles) -> float:
    """Return by which share of itself the range of the tensor narrows."""
    before = max(float(seen.high.max()), 0.0) - min(float(seen.low.min()), 0.0)
    after = max(float((seen.high - shifts).max()), 0.0) - min(float((seen.low - shifts).min()), 0.0)
    return (before - after) / before if before > 0 else 0.0


PLUGIN = Correction(
    name="bias_absorption",
    summary="constants taken off channels and given to the biases behind, so that ranges narrow",
    source="Nagel et al., Data-free quantization through weight equalization and bias correction, ICCV 2019",
    moment=Moment.FLOAT,
    order=20,
    prepare=prepare,
)
