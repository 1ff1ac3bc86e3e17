"""Weights of another shape than the layers."""

from __future__ import annotations

import re

from litesmith.diagnosis.cause import Cause, Evidence, Stage
from litesmith.diagnosis.locations import by_name

_OBJECT = re.compile(r"<\w+ name=([^,>]+), built=")


def _where(match: re.Match[str], evidence: Evidence) -> tuple[str, ...]:
    named = match["layer"] or match["layer_2"] or match["layer_3"]
    return by_name(evidence, [named] if named else _OBJECT.findall(evidence.text))


PLUGIN = Cause(
    name="weights_shape_mismatch",
    title="weights do not fit the model's layers",
    stage=Stage.OPENING,
    pattern=re.compile(
        r"Shape mismatch in layer #\d+ \(named (?P<layer>[^)\n]+)\)"
        r"|shape of the target variable and the shape of the target value"
        r"|of layer ['\"](?P<layer_2>[^'\"\n]+)['\"] is incompatible with the layer"
        r"|axes values \([^)]*\) don't match|Cannot assign value to variable ' ?(?P<layer_3>[^/'\n]+)"
    ),
    why=(
        "The architecture in the file and the weights beside it are not of the same model: a layer has another "
        "shape than its weights."
    ),
    remedy="Load the weights into the model they were trained in, then save model and weights together.",
    code=('model.load_weights("weights.weights.h5")\nmodel.save("model.keras")'),
    source="https://github.com/keras-team/keras/issues/20128",
    rank=40,
    where=_where,
)
