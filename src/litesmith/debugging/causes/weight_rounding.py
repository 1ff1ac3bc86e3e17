"""Most of a layer's error comes from rounding its weights."""

import math

from litesmith.debugging.cause import Cause, Found, db, gain
from litesmith.debugging.suspect import Suspect

_MOST_DB = 25.0
_DOMINATES_DB = 3.0
_CEILING_DB = 40.0
"""What other rounding is taken to leave at most, where that of the weights hides it."""


def find(suspect: Suspect) -> Found | None:
    """Return what of the layer's error is that of its weights."""
    facts = suspect.weights
    if facts is None or facts.output_db is None or suspect.local_db is None or facts.output_db > _MOST_DB:
        return None
    if gain(facts.output_db, suspect.local_db) > _DOMINATES_DB or (facts.one_scale and facts.lost_rows):
        return None
    rest = 10 ** (-suspect.local_db / 10) - 10 ** (-facts.output_db / 10)
    better = min(-10 * math.log10(rest), _CEILING_DB) if rest > 0 else _CEILING_DB
    return Found(
        message=(
            f"rounding its weights alone leaves the layer {db(facts.output_db)}, all rounding together"
            f" {db(suspect.local_db)}"
        ),
        gain_db=max(better - suspect.local_db, 0.0),
    )


PLUGIN = Cause(
    name="weight_rounding",
    title="rounding of weights",
    flags=("--corrections learned_rounding",),
    remedy="Round each weight for the least error of the layer's output.",
    find=find,
)
