"""Random numbers at inference."""

from __future__ import annotations

import re

from litesmith.diagnosis.cause import Cause, Evidence, Stage
from litesmith.diagnosis.locations import by_kind

_KINDS = re.compile(r"Random\w+|\w*Dropout\w*|GaussianNoise|RandAugment|MixUp|CutMix|AugMix")
_EACH_TIME = "each time"


def _where(match: re.Match[str], evidence: Evidence) -> tuple[str, ...]:
    del match
    return by_kind(evidence, [layer.kind for layer in evidence.layers if _KINDS.fullmatch(layer.kind)])


def _random(match: re.Match[str], evidence: Evidence) -> bool:
    """Tell whether the source is known to answer at random, or has a layer that may."""
    return _EACH_TIME in match[0] or bool(_where(match, evidence))


PLUGIN = Cause(
    name="random_answers",
    title="the model may answer at random",
    stage=Stage.CHECKING,
    pattern=re.compile(r"conversion changed the answers|answers differently each time"),
    why=(
        "A layer or op draws random numbers when the model answers, so that no two answers agree, not even of the "
        "source itself, and they cannot be compared."
    ),
    remedy="Leave the random layers out of the model that is deployed, or call them without training=True.",
    code="y = keras.layers.Dropout(0.5)(x)  # without training=True",
    source="https://keras.io/api/layers/regularization_layers/dropout/",
    rank=20,
    where=_where,
    fits=_random,
)
