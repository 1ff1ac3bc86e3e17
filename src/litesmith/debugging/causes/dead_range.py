"""The range spans next to nothing of the values: calibration saw none of them."""

from litesmith.debugging.cause import Cause, Found, db, gain
from litesmith.debugging.suspect import Suspect

_DEAD = 0.02


def find(suspect: Suspect) -> Found | None:
    """Return how little of the values the range holds."""
    facts = suspect.ranges
    if facts is None or suspect.index < 0 or not facts.high > facts.low:
        return None
    wide = facts.grid.high - facts.grid.low
    share = wide / (facts.high - facts.low)
    if share >= _DEAD:
        return None
    return Found(
        message=(
            f"the range {facts.grid.low:.3g} to {facts.grid.high:.3g} holds {share * 100:.2g} % of what the values"
            f" span, {facts.low:.3g} to {facts.high:.3g}: calibration saw next to nothing but zero here; with a range"
            f" for them the tensor has {db(facts.full_db)} instead of {db(facts.own_db)}"
        ),
        gain_db=gain(facts.full_db, facts.own_db),
    )


PLUGIN = Cause(
    name="dead_range",
    title="range of a tensor that calibration saw empty",
    flags=("--calibrator min_max", "--calibration-samples 500"),
    remedy="Calibrate on samples of every kind, preprocessed as the model expects.",
    find=find,
    explains=("bias_shift", "saturation"),
)
