"""Weights of all output channels share one scale, which suits the largest only."""

from litesmith.debugging.cause import Cause, Found, db, gain
from litesmith.debugging.suspect import Suspect

_LEAST_GAIN_DB = 6.0


def find(suspect: Suspect) -> Found | None:
    """Return what a scale for every channel would gain."""
    facts = suspect.weights
    if facts is None or not facts.one_scale or not facts.lost_rows:
        return None
    gained = gain(facts.rows_each_db, facts.rows_db)
    if gained < _LEAST_GAIN_DB:
        return None
    return Found(
        message=(
            f"all {facts.rows} channels of its weights share one scale, but their sizes are up to 1:{facts.apart:.3g}"
            f" apart, and {facts.lost_rows} of them keep less than 10 dB; with a scale for each the weights have"
            f" {db(facts.rows_each_db)} instead of {db(facts.rows_db)}, every channel counted alike"
        ),
        gain_db=gained,
    )


PLUGIN = Cause(
    name="per_tensor_weights",
    title="one scale for weights of different size",
    flags=("--schemes int8", "--corrections equalization"),
    remedy="Give the weights a scale per channel, or, where the target cannot, even them out.",
    find=find,
    explains=("bias_shift", "weight_rounding"),
)
