"""A class of the user's own, unknown to Keras."""

from __future__ import annotations

import re

from litesmith.diagnosis.cause import Cause, Evidence, Stage
from litesmith.diagnosis.locations import by_kind


def _where(match: re.Match[str], evidence: Evidence) -> tuple[str, ...]:
    kind = match["kind"] or match["kind_2"]
    return by_kind(evidence, [kind]) or (kind,)


PLUGIN = Cause(
    name="custom_class",
    title="a class of your own",
    stage=Stage.OPENING,
    pattern=re.compile(
        r"(?:Could not locate class|Unknown (?:layer|object):) '?(?:\w+>)?(?P<kind>\w+)'?"
        r"|The added layer must be an instance of class Layer. Received: layer=(?P<kind_2>\w+)"
    ),
    why=(
        "A Keras file names the class {kind}{kind_2} and does not hold its code, so Keras cannot build it outside"
        " of your program."
    ),
    remedy="Export the model as a SavedModel where the class is defined; that holds the graph and needs no class.",
    code='model.export("exported_model")  # then: litesmith convert exported_model',
    source="https://keras.io/api/models/model_saving_apis/serialization_utils/",
    rank=30,
    where=_where,
)
