"""A few values widen the range for all others."""

from litesmith.debugging.cause import Cause, Found, db, gain
from litesmith.debugging.suspect import Suspect

_LEAST_GAIN_DB = 3.0


def find(suspect: Suspect) -> Found | None:
    """Return what cutting off the outliers would gain: in the answer, or in the tensor alone."""
    facts = suspect.ranges
    if facts is None or suspect.index < 0:
        return None
    head = (
        f"outliers widen the range to {facts.grid.low:.3g} to {facts.grid.high:.3g}, while 99.8 % of the values lie"
        f" within {facts.core[0]:.3g} to {facts.core[1]:.3g}"
    )
    if suspect.cut is not None:
        own, narrow = suspect.cut
        gained = gain(narrow, own)
        if gained >= _LEAST_GAIN_DB and gain(facts.full_db, facts.own_db) < _LEAST_GAIN_DB:
            text = f"cut off there, with everything before exact, the output has {db(narrow)} instead of {db(own)}"
            return Found(message=f"{head}; {text}", gain_db=gained)
    if facts.clip is None:
        return None
    low, high, clipped = facts.clip
    gained = gain(clipped, facts.own_db)
    if gained < _LEAST_GAIN_DB or gain(clipped, facts.full_db) < _LEAST_GAIN_DB:
        return None
    text = f"cut off at {low:.3g} and {high:.3g} the tensor has {db(clipped)} instead of {db(facts.own_db)}"
    return Found(message=f"{head}; {text}", gain_db=gained)


PLUGIN = Cause(
    name="outliers",
    title="range widened by outliers",
    flags=("--calibrator percentile", "--calibrator squared_error"),
    remedy="Take a calibrator that cuts outliers off.",
    find=find,
)
