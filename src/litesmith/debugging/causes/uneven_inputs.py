"""Weights of one row share a scale, but the channels they read are of very different size."""

from litesmith.debugging.cause import Cause, Found, db, gain
from litesmith.debugging.suspect import Suspect

_LEAST_GAIN_DB = 6.0
_LEAST_APART = 8.0
_MOST_DB = 25.0
_DOMINATES_DB = 3.0


def find(suspect: Suspect) -> Found | None:
    """Return what bringing the channels that are read to one size would gain."""
    facts = suspect.weights
    if facts is None or facts.columns is None or facts.output_db is None or facts.output_db > _MOST_DB:
        return None
    now, even = facts.columns
    gained = gain(even, now)
    if (
        gained < _LEAST_GAIN_DB
        or facts.columns_apart < _LEAST_APART
        or gain(facts.output_db, suspect.local_db) > _DOMINATES_DB
    ):
        return None
    return Found(
        message=(
            f"the channels it reads are of different size, and its weights make up for it: over the channels they are"
            f" 1:{facts.columns_apart:.3g} apart, and the scale suits the largest only. Rounding the weights leaves the"
            f" layer {db(facts.output_db)}; with channels of one size it would be some {gained:.0f} dB more"
        ),
        gain_db=gained,
    )


PLUGIN = Cause(
    name="uneven_inputs",
    title="weights that make up for channels of different size",
    flags=("--corrections equalization",),
    remedy="Scale the channels to one size in the layer before; this layer takes the factors back.",
    find=find,
    explains=("weight_rounding", "bias_shift"),
)
