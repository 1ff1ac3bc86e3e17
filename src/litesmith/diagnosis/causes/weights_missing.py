"""Layers without their weights in the file."""

from __future__ import annotations

import re

from litesmith.diagnosis.cause import Cause, Evidence, Stage
from litesmith.diagnosis.locations import by_name

_OBJECT = re.compile(r"<\w+ name=([^,>]+), built=")


def _where(match: re.Match[str], evidence: Evidence) -> tuple[str, ...]:
    del match
    return by_name(evidence, _OBJECT.findall(evidence.text))


PLUGIN = Cause(
    name="weights_missing",
    title="layers without weights in the file",
    stage=Stage.OPENING,
    pattern=re.compile(
        r"Layer count mismatch when loading weights from file"
        r"|expected (?P<expected>\d+) variables?, but received (?P<received>\d+) variables? during loading"
        r"|Model expected \d+ layers, found \d+ saved layers"
    ),
    why=(
        "The architecture in the file has layers that its weights do not: the two are not of the same model, or a"
        " layer was not built when the model was saved."
    ),
    remedy="Call the model once on data, so that every layer has its weights, and save it again.",
    code=('model(sample_batch)\nmodel.save("model.keras")'),
    source="https://github.com/keras-team/keras/issues/19615",
    rank=41,
    where=_where,
)
