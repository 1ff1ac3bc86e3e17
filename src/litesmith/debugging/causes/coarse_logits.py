"""The scored output's step is larger than what separates the best two classes."""

from litesmith.debugging.cause import Cause, Found, percent
from litesmith.debugging.suspect import Suspect

_LEAST_CLOSE = 0.1
_LEAST_TIED = 0.05


def find(suspect: Suspect) -> Found | None:
    """Return how often a decision falls between two integers."""
    facts = suspect.logits
    if facts is None or facts.close < _LEAST_CLOSE or facts.tied < _LEAST_TIED:
        return None
    return Found(
        message=(
            f"its step of {facts.step:.3g} is coarser than the decisions: in {percent(facts.close)} of"
            f" {facts.samples} samples the two best classes are nearer than that, and in {percent(facts.tied)} they"
            f" become the same integer"
        ),
        gain_db=None,
    )


PLUGIN = Cause(
    name="coarse_logits",
    title="steps of the output too coarse",
    flags=("--schemes int16x8",),
    remedy="Keep the last layer in float or in 16 bits.",
    find=find,
    always=True,
)
