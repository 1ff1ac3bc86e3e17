"""A layer's outputs are off by a constant per channel."""

from litesmith.debugging.cause import Cause, Found, db, gain
from litesmith.debugging.suspect import Suspect

_LEAST_SHARE = 0.4
_LEAST_SHIFT = 0.05
_LEAST_GAIN_DB = 2.5


def find(suspect: Suspect) -> Found | None:
    """Return how far the means are off."""
    gained = gain(suspect.unbiased_db, suspect.own_db)
    if suspect.shift_share < _LEAST_SHARE or suspect.shift_worst < _LEAST_SHIFT or gained < _LEAST_GAIN_DB:
        return None
    return Found(
        message=(
            f"the mean of a channel is off by up to {suspect.shift_worst:.2g} standard deviations; with the means right"
            f" the layer, fed alike, has {db(suspect.unbiased_db)} instead of {db(suspect.own_db)}"
        ),
        gain_db=gained,
    )


PLUGIN = Cause(
    name="bias_shift",
    title="shifted means",
    flags=("--corrections bias_correction",),
    remedy="Move the biases so that each channel keeps its mean.",
    find=find,
)
