"""Which calibration samples train, which choose the epoch, and which judge the outcome."""

from __future__ import annotations

from dataclasses import dataclass

_JUDGE, _CHOOSE = 5, 8
LEAST = 40
"""Samples below which nothing is trained: fewer than eight would judge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Positions of samples; no sample is in two parts.

    Attributes:
        learning: Trained on.
        choosing: The best epoch is the one with the least loss on these.
        judging: Kept apart from training, from the choice of the epoch and from the trained model's ranges.
    """

    learning: tuple[int, ...]
    choosing: tuple[int, ...]
    judging: tuple[int, ...]

    @property
    def seen(self) -> tuple[int, ...]:
        """Positions that do not judge, ascending."""
        return tuple(sorted((*self.learning, *self.choosing)))


def split(count: int) -> Split:
    """Return every fifth sample as a judge, every eighth of the others to choose by, and the rest to learn from.

    >>> parts = split(400)
    >>> len(parts.learning), len(parts.choosing), len(parts.judging)
    (280, 40, 80)
    """
    rest = [row for row in range(count) if row % _JUDGE != _JUDGE - 1]
    return Split(
        learning=tuple(row for place, row in enumerate(rest) if place % _CHOOSE != _CHOOSE - 1),
        choosing=tuple(rest[_CHOOSE - 1 :: _CHOOSE]),
        judging=tuple(range(_JUDGE - 1, count, _JUDGE)),
    )
