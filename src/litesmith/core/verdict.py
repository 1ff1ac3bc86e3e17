"""The word for a difference: what it allows to be said, and how many samples would allow more."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

DEFAULT_MAX_DROP = 0.01
"""Loss of accuracy, a fraction, that recommendations and verdicts accept when no --max-drop is given."""


class VerdictWord(Enum):
    """What a paired difference allows to be said."""

    NO_WORSE = "no_worse"
    WORSE = "worse"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a variant is as good as the reference, as far as the samples tell.

    Attributes:
        word: `no_worse` when the interval of the difference excludes a loss of `margin` or more; else `worse` when it
            excludes that nothing is lost, and so does the p-value where there is one; else `undecided`.
        margin: Loss that is accepted, in the metric's unit.
        largest_loss: Worse end of the 95 % interval of the difference, as a loss: the smallest margin that would give
            `no_worse`. 0 when the variant is better for certain.
        more_samples: Further samples with which four of five such evaluations would be decided, rounded up to two
            digits; None when this one is, and where no number of samples would do.
    """

    word: VerdictWord
    margin: float
    largest_loss: float
    more_samples: int | None
