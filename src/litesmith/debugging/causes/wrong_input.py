"""What is fed does not fit the input's range."""

from litesmith.debugging.cause import Cause, Found, db, gain, percent
from litesmith.debugging.suspect import Suspect

_MOST_BEYOND = 0.01
_LEAST_GAIN_DB = 6.0


def find(suspect: Suspect) -> Found | None:
    """Return how what is fed differs from what the input holds."""
    facts = suspect.ranges
    if facts is None or suspect.index >= 0:
        return None
    gained = gain(facts.full_db, facts.own_db)
    if gained < _LEAST_GAIN_DB:
        return None
    held = f"{facts.grid.low:.3g} to {facts.grid.high:.3g}"
    if facts.beyond > _MOST_BEYOND:
        seen = f"{percent(facts.beyond)} of what is fed lies beyond the input's range {held}"
    else:
        seen = f"what is fed uses a small part of the input's range {held}"
    return Found(
        message=(
            f"{seen}: it spans {facts.low:.3g} to {facts.high:.3g}, and the input keeps {db(facts.own_db)} of it,"
            f" instead of {db(facts.full_db)} with a range for it"
        ),
        gain_db=gained,
    )


PLUGIN = Cause(
    name="wrong_input",
    title="input range and preprocessing do not fit",
    flags=("--preprocess signed", "--preprocess unit"),
    remedy="Give the preprocessing that the model was trained and calibrated with.",
    find=find,
    always=True,
)
