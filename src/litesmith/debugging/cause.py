"""What a root cause is, and what it is judged by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from litesmith.debugging.suspect import Suspect

PACKAGE = "litesmith.debugging.causes"
ENOUGH_DB = 30.0
"""SQNR of the answer above which nothing is looked for: well-made int8 models have about as much."""
ENOUGH_AGREEMENT = 0.95
"""Agreement of the answers that it takes besides."""
LEAST_REGAINED_DB = 1.0
"""What the output must regain when a layer is float, for the layer to be asked for causes."""
BROKEN_DB = 10.0
"""SQNR of the answer below which many layers are taken for broken."""
HARMLESS_DB = -0.5
"""What the output loses when a layer is float that makes up for errors of the layers before, as one does whose weights
were rounded for that. It is no culprit, whatever it does alone."""
HARMFUL_DB = 15.0
"""SQNR of the output below which a layer is asked too, when it alone is quantized: where many layers are broken, one of
them in float regains nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A cause that fits a layer.

    Attributes:
        message: What was seen, with figures.
        gain_db: What the cure would gain in the layer, in dB; None where it cannot be told beforehand.
    """

    message: str
    gain_db: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One entry of the catalogue.

    Attributes:
        name: As its file.
        title: In a few words.
        flags: Options that cure it, with their values.
        remedy: What to do, in a sentence.
        find: Returns what it sees in a layer; None where it does not fit.
        explains: Causes that are not named for the same layer beside this one, as they follow from it.
        spreads: Whether the layers that read the tensor suffer from it too. Causes in `explains` are then not named for
            them, instead of for the layer itself, and it costs what the costliest of them all costs.
        always: Whether it is looked for where the layer costs little too: what it sees is wrong in itself.
    """

    name: str
    title: str
    flags: tuple[str, ...]
    remedy: str
    find: Callable[[Suspect], Found | None]
    explains: tuple[str, ...] = ()
    spreads: bool = False
    always: bool = False


def matters(suspect: Suspect) -> bool:
    """Tell whether a layer costs enough for its causes to be worth a sentence."""
    good = suspect.agreement is None or suspect.agreement >= ENOUGH_AGREEMENT
    if good and suspect.base_db is not None and suspect.base_db >= ENOUGH_DB:
        return False
    if suspect.regained_db is not None and suspect.regained_db >= LEAST_REGAINED_DB:
        return True
    hidden = suspect.base_db is None or suspect.base_db < BROKEN_DB
    if not hidden and suspect.regained_db is not None and suspect.regained_db < HARMLESS_DB:
        return False
    return suspect.alone_db is not None and suspect.alone_db < HARMFUL_DB


def db(value: float | None) -> str:
    """Return decibels for a sentence.

    >>> db(11.26), db(None), db(200.0)
    ('11.3 dB', 'unknown', 'no error')
    """
    if value is None:
        return "unknown"
    return "no error" if value >= 200 else f"{value:.1f} dB"


def gain(better: float | None, worse: float | None) -> float:
    """Return how much one SQNR exceeds another; 0 where one is unknown."""
    return 0.0 if better is None or worse is None else better - worse


def percent(fraction: float) -> str:
    """Return a share for a sentence.

    >>> percent(0.0312), percent(0.5), percent(0.0001)
    ('3.1 %', '50 %', '0.01 %')
    """
    digits = 0 if fraction >= 0.1 else 1 if fraction >= 0.001 else 2
    return f"{fraction * 100:.{digits}f} %"
