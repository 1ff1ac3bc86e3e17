"""Makes raw bytes the model's input: byte b is the integer b - 128 (int8) or b (uint8), with nothing to compute.

A preprocessing that is one scale and offset per channel, x = a b + o, is taken into the first layers. They are fed
y = s (b - z) with one scale s for all channels and a whole z near -o / a; their weights are multiplied by a / s and
their bias takes what a z + o adds. The integers are then the bytes themselves, and rounding the input costs nothing.
Folding of an affine preprocessing into the first layer as in Jacob et al., "Quantization and training of neural
networks for efficient integer-arithmetic-only inference" (CVPR 2018), which does it for batch normalisation.

Where a layer pads, the zeros around the image become the byte z, which is off by at most half a byte when all channels
share the scale and offset, and by the spread of -o / a otherwise; whether that harms is measured.
"""

import numpy as np

from litesmith.core.preprocessing import Layout
from litesmith.quantize.correction import Correction, Moment
from litesmith.quantize.preparing import Preparing
from litesmith.runtime.weighted import Layer

_PASSING = ("PAD",)


def prepare(preparing: Preparing) -> str:
    """Change the first layers and fix the input's range; return what was done."""
    done = [name for position in preparing.byte_positions if (name := _match(preparing, position))]
    return f"bytes are fed as they are to {', '.join(done)}" if done else ""


def _match(preparing: Preparing, position: int) -> str:
    record, graph = preparing.preprocessing, preparing.graph
    tensor = graph.tensors[graph.inputs[position]]
    readers = _readers(preparing, tensor.index)
    channels = tensor.shape[-1]
    if readers is None or record.layout is not Layout.HWC or len(tensor.shape) != 4:
        return ""
    slopes = np.broadcast_to(np.asarray(record.scale, np.float64), (channels,))
    offsets = np.broadcast_to(np.asarray(record.offset, np.float64), (channels,))
    if not (slopes > 0).all():
        return ""
    scale = float(slopes.mean())
    zero = int(np.clip(np.rint((-offsets / slopes).mean()), 0, 255))
    for layer in readers:
        preparing.shift_inputs(layer, slopes * zero + offsets)
        preparing.scale_inputs(layer, slopes / scale)
    preparing.ranges[tensor.name] = (-zero * scale, (255 - zero) * scale)
    preparing.byte_inputs[position] = (scale, zero)
    return preparing.model.graph.input_specs[position].name


def _readers(preparing: Preparing, tensor: int) -> list[Layer] | None:
    """Return the layers that read a tensor, through padding at most; None where something else reads it."""
    found: list[Layer] = []
    for op in preparing.graph.ops:
        if tensor not in op.inputs:
            continue
        layer = preparing.layers.get(op.index)
        if layer is not None and op.inputs[0] == tensor and layer.bias >= 0 and op.name != "FULLY_CONNECTED":
            found.append(layer)
        elif op.name in _PASSING:
            behind = _readers(preparing, op.outputs[0])
            if behind is None:
                return None
            found += behind
        else:
            return None
    return found or None


PLUGIN = Correction(
    name="input_matching",
    summary="raw bytes are the model's input: the app computes nothing",
    source="after Jacob et al., Quantization and training of neural networks, CVPR 2018",
    moment=Moment.FLOAT,
    order=10,
    prepare=prepare,
    simplifies=True,
)
