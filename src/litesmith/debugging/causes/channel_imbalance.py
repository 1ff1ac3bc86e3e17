"""Channels of very different size share one range."""

from litesmith.debugging.cause import Cause, Found, db, gain
from litesmith.debugging.suspect import Suspect

_LEAST_GAIN_DB = 8.0
_MOST_DB = 25.0


def find(suspect: Suspect) -> Found | None:
    """Return what a range for every channel would gain."""
    facts = suspect.ranges
    if facts is None or suspect.index < 0 or suspect.logits is not None or not facts.narrow or facts.alike_db is None:
        return None
    gained = gain(facts.per_channel_db, facts.alike_db)
    if gained < _LEAST_GAIN_DB or facts.alike_db > _MOST_DB:
        return None
    wide = facts.channels - facts.narrow
    return Found(
        message=(
            f"{wide} of {facts.channels} channels {'holds' if wide == 1 else 'hold'} 90 % of the range, the others stay"
            f" below a tenth of it; with a range for each channel the SQNR, every channel counted alike, rises from"
            f" {db(facts.alike_db)} to {db(facts.per_channel_db)}"
        ),
        gain_db=gained,
    )


PLUGIN = Cause(
    name="channel_imbalance",
    title="channels of different size in one range",
    flags=("--corrections equalization",),
    remedy="Scale the channels to one size; the next layer takes the factors back.",
    find=find,
    explains=("bias_shift", "uneven_inputs", "weight_rounding"),
    spreads=True,
)
