"""Models with the layers that corrections act on, with channels as uneven as a test wants them.

write_blocks(folder / "blocks.tflite", spread=30.0)    inverted residual: expand, depthwise, project, ADD
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from tiny_tflite import CLASSES, Drawing

RELU, RELU6 = schema.ActivationFunctionType.RELU, schema.ActivationFunctionType.RELU6


def write_blocks(path: Path, *, spread: float = 1.0, size: int = 12, relu6: bool = False, seed: int = 3) -> Path:
    """An image classifier of one inverted residual: `image` float32 [1, size, size, 3] -> `scores` [1, 5].

    Args:
        path: Where to write it.
        spread: How many times wider the widest channel of the expanded tensor is than the narrowest; what reads it
            makes up for it, so that the answers do not depend on it.
        size: Rows and columns of the image.
        relu6: Whether expanded tensors are cut off at 6 instead of only at 0.
        seed: Seed of the weights.
    """
    random = np.random.default_rng(seed)
    step = {"strideW": 1, "strideH": 1, "dilationWFactor": 1, "dilationHFactor": 1}
    cut = {**step, "fusedActivationFunction": RELU6 if relu6 else RELU}
    narrow, wide, half = 6, 16, size // 2
    uneven = np.geomspace(1.0, spread, wide).astype(np.float32)

    def normal(*shape: int, deviation: float) -> np.ndarray:
        return random.normal(0, deviation, shape).astype(np.float32)

    draw = Drawing()
    image = draw.tensor("serving_default_image:0", (1, size, size, 3))
    kernel, bias = (
        draw.constant("stem/w", normal(narrow, 3, 3, 3, deviation=0.4)),
        draw.constant("stem/b", normal(narrow, deviation=0.2)),
    )
    stem = draw.op(
        "CONV_2D", [image, kernel, bias], "stem", (1, half, half, narrow), **{**step, "strideW": 2, "strideH": 2}
    )
    kernel = draw.constant("expand/w", normal(wide, 1, 1, narrow, deviation=0.4) * uneven[:, None, None, None])
    bias = draw.constant("expand/b", normal(wide, deviation=0.2) * uneven)
    expand = draw.op("CONV_2D", [stem, kernel, bias], "expand", (1, half, half, wide), **cut)
    kernel = draw.constant("depthwise/w", normal(1, 3, 3, wide, deviation=0.3) / uneven)
    bias = draw.constant("depthwise/b", normal(wide, deviation=0.2))
    deep = draw.op(
        "DEPTHWISE_CONV_2D", [expand, kernel, bias], "depthwise", (1, half, half, wide), depthMultiplier=1, **cut
    )
    kernel, bias = (
        draw.constant("project/w", normal(narrow, 1, 1, wide, deviation=0.3)),
        draw.constant("project/b", normal(narrow, deviation=0.2)),
    )
    project = draw.op("CONV_2D", [deep, kernel, bias], "project", (1, half, half, narrow), **step)
    total = draw.op("ADD", [stem, project], "sum", (1, half, half, narrow))
    kernel, bias = (
        draw.constant("head/w", normal(wide, 1, 1, narrow, deviation=0.4)),
        draw.constant("head/b", normal(wide, deviation=0.2)),
    )
    head = draw.op(
        "CONV_2D", [total, kernel, bias], "head", (1, half, half, wide), **{**step, "fusedActivationFunction": RELU}
    )
    axes = draw.constant("axes", np.array([1, 2], np.int32))
    pooled = draw.op("MEAN", [head, axes], "pooled", (1, wide), keepDims=False)
    kernel, bias = (
        draw.constant("dense/w", normal(CLASSES, wide, deviation=1.0)),
        draw.constant("dense/b", normal(CLASSES, deviation=0.3)),
    )
    logits = draw.op("FULLY_CONNECTED", [pooled, kernel, bias], "logits", (1, CLASSES))
    scores = draw.op("SOFTMAX", [logits], "StatefulPartitionedCall:0", (1, CLASSES), beta=1.0)
    return draw.save(path, {"image": image}, {"scores": scores})
