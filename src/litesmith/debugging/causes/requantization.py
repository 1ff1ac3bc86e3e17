"""A tensor is rounded again to other integers before it is read."""

from litesmith.debugging.cause import Cause, Found, db, gain
from litesmith.debugging.suspect import Suspect

_LEAST_GAIN_DB = 3.0


def find(suspect: Suspect) -> Found | None:
    """Return what the second rounding costs."""
    facts = suspect.ranges
    own = facts.own_db if facts is not None else None
    if suspect.requantized_db is None:
        return None
    if suspect.floating:
        if suspect.requantized_db > 20.0:
            return None
        return Found(
            message=(
                f"{suspect.op} computes in float between integers, and what it makes keeps {db(suspect.requantized_db)}"
                f" when it is rounded again"
            ),
            gain_db=None,
        )
    gained = gain(own, suspect.requantized_db)
    if gained < _LEAST_GAIN_DB:
        return None
    return Found(
        message=(
            f"its result is rounded a second time, to other integers: {db(suspect.requantized_db)} are left of"
            f" {db(own)}"
        ),
        gain_db=gained,
    )


PLUGIN = Cause(
    name="requantization",
    title="rounded again",
    flags=("--calibrator min_max",),
    remedy="Give both tensors one range, or replace the operator that has no integer kernel.",
    find=find,
)
