"""Answers that change from call to call."""

from __future__ import annotations

import re

from litesmith.diagnosis.cause import Cause, Evidence, Stage
from litesmith.diagnosis.locations import by_kind

_KINDS = re.compile(r"Random\w+|\w*Dropout\w*|GaussianNoise|RandAugment|MixUp|CutMix|AugMix")


def _where(match: re.Match[str], evidence: Evidence) -> tuple[str, ...]:
    del match
    return by_kind(evidence, [layer.kind for layer in evidence.layers if _KINDS.fullmatch(layer.kind)])


PLUGIN = Cause(
    name="random_answers",
    title="the model does not answer twice alike",
    stage=Stage.CHECKING,
    pattern=re.compile(r"answers differently each time"),
    why=(
        "Fed the same sample twice, the source gives two answers, so that nothing can be compared with it. A layer or "
        "op draws random numbers, or a variable changes with each call."
    ),
    remedy="Leave the random layers out of the model that is deployed, or call them without training=True.",
    code="y = keras.layers.Dropout(0.5)(x)  # without training=True",
    source="https://keras.io/api/layers/regularization_layers/dropout/",
    rank=20,
    where=_where,
)
