"""A function of the user's own, such as an activation."""

from __future__ import annotations

import re

from litesmith.diagnosis.cause import Cause, Evidence, Stage
from litesmith.diagnosis.locations import shown


def _where(match: re.Match[str], evidence: Evidence) -> tuple[str, ...]:
    """Return the layers whose configuration names the function."""
    users = [shown(layer) for layer in evidence.layers if match["function"] in layer.functions]
    return tuple(users) or (match["function"],)


PLUGIN = Cause(
    name="custom_function",
    title="a function of your own",
    stage=Stage.OPENING,
    pattern=re.compile(
        r"(?:Could not locate function|Unknown (?:\w+ )?function:?|Unknown (?:activation|initializer|regularizer)\w*:?)"
        r" '?(?:\w+>)?(?P<function>\w+)'?"
    ),
    why=(
        "A Keras file names the function {function} and does not hold its code, so Keras cannot find it outside "
        "of your program."
    ),
    remedy=(
        "Export the model as a SavedModel where the function is defined; that holds the graph and needs no function."
    ),
    code='model.export("exported_model")  # then: litesmith convert exported_model',
    source="https://keras.io/api/models/model_saving_apis/serialization_utils/",
    rank=30,
    where=_where,
)
