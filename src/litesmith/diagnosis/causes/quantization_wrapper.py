"""Layers of the TensorFlow Model Optimization toolkit."""

from __future__ import annotations

import re

from litesmith.diagnosis.cause import Cause, Stage
from litesmith.diagnosis.locations import at_layer

PLUGIN = Cause(
    name="quantization_wrapper",
    title="layers wrapped for quantization-aware training or pruning",
    stage=Stage.OPENING,
    pattern=re.compile(
        r"(?:Unknown layer:|Could not locate class) '?(?:\w+>)?"
        r"(?P<kind>Quantize(?:Wrapper\w*|Layer|Annotate)|PruneLowMagnitude|ClusterWeights)'?"
    ),
    why="The class {kind} belongs to the TensorFlow Model Optimization toolkit, which is not part of Keras.",
    remedy=(
        "Give Litesmith the float model from before quantize_model, since it quantizes by itself; after pruning "
        "or clustering, strip the wrappers and save again."
    ),
    code=('model = tfmot.sparsity.keras.strip_pruning(model)\nmodel.save("stripped.h5")'),
    provoked_by="a layer of the tests' own with the name QuantizeWrapperV2; the toolkit itself is not used",
    source="https://github.com/tensorflow/model-optimization/pull/94",
    rank=20,
    where=at_layer,
)
