"""A bias does not fit into the integers that its scale leaves it."""

from litesmith.debugging.cause import Cause, Found
from litesmith.debugging.suspect import Suspect


def find(suspect: Suspect) -> Found | None:
    """Return how many biases are cut off."""
    facts = suspect.weights
    if facts is None or not facts.bias_limit:
        return None
    return Found(
        message=(
            f"the bias of {facts.bias_limit} of {facts.rows} channels does not fit into its integers: it would be"
            f" {facts.bias_steps:.3g} steps of input scale times weight scale, and they hold 2.15e+09"
        ),
        gain_db=None,
    )


PLUGIN = Cause(
    name="bias_overflow",
    title="bias beyond its integers",
    flags=("--schemes int16x8",),
    remedy="Remove channels whose weights are next to zero from the model, or take a scheme with 64-bit biases.",
    find=find,
    explains=("bias_shift", "weight_rounding"),
    always=True,
)
