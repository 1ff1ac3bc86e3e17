"""Values beyond the ends of the range are cut off there."""

from litesmith.debugging.cause import Cause, Found, db, gain, percent
from litesmith.debugging.suspect import Suspect

_LEAST_SHARE = 0.5
_LEAST_GAIN_DB = 3.0
_DEAD = 0.02


def find(suspect: Suspect) -> Found | None:
    """Return what is cut off, where a wider range would do better."""
    facts = suspect.ranges
    if facts is None or suspect.index < 0 or facts.cut_share < _LEAST_SHARE:
        return None
    if facts.grid.high - facts.grid.low < _DEAD * (facts.high - facts.low):
        return None
    better = max((v for v in (facts.full_db, facts.clip[2] if facts.clip else None) if v is not None), default=None)
    gained = gain(better, facts.own_db)
    if gained < _LEAST_GAIN_DB:
        return None
    return Found(
        message=(
            f"the range {facts.grid.low:.3g} to {facts.grid.high:.3g} is too narrow: {percent(facts.beyond)} of the"
            f" values lie beyond, and they reach from {facts.low:.3g} to {facts.high:.3g}; with a range for them the"
            f" tensor has {db(better)} instead of {db(facts.own_db)}"
        ),
        gain_db=gained,
    )


PLUGIN = Cause(
    name="saturation",
    title="range too narrow",
    flags=("--calibrator min_max", "--calibration-samples 500"),
    remedy="Calibrate on samples that show what the model meets, and on more of them.",
    find=find,
    explains=("bias_shift",),
)
