"""The range is far wider than the values."""

from litesmith.debugging.cause import Cause, Found, db, gain, percent
from litesmith.debugging.suspect import Suspect

_LEAST_GAIN_DB = 5.0
_MOST_USED = 0.6
_FIXED = ("SOFTMAX", "LOG_SOFTMAX", "LOGISTIC", "TANH", "L2_NORMALIZATION")
"""Operators whose output range is fixed."""


def find(suspect: Suspect) -> Found | None:
    """Return how little of the range is used."""
    facts = suspect.ranges
    if facts is None or suspect.index < 0 or suspect.op in _FIXED:
        return None
    wide = facts.grid.high - facts.grid.low
    used = (max(facts.high, 0.0) - min(facts.low, 0.0)) / wide
    gained = gain(facts.full_db, facts.own_db)
    if gained < _LEAST_GAIN_DB or used > _MOST_USED:
        return None
    return Found(
        message=(
            f"the range {facts.grid.low:.3g} to {facts.grid.high:.3g} is too wide: the values, {facts.low:.3g} to"
            f" {facts.high:.3g}, use {percent(used)} of it; with a range of their own the tensor has"
            f" {db(facts.full_db)} instead of {db(facts.own_db)}"
        ),
        gain_db=gained,
    )


PLUGIN = Cause(
    name="wide_range",
    title="range too wide",
    flags=("--calibrator percentile",),
    remedy="Look for calibration samples unlike all others, or take a calibrator that passes over them.",
    find=find,
)
