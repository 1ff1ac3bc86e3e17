"""Asks every known cause of every layer that matters."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from litesmith.core.debugging import RootCause
from litesmith.core.registry import load_plugins
from litesmith.debugging.cause import PACKAGE, Cause, Found, matters
from litesmith.debugging.suspect import Suspect

Seen = dict[tuple[int, str], tuple[Cause, Found]]
"""What was found, by place in the list of layers and name of the cause."""


@cache
def causes() -> tuple[Cause, ...]:
    """Return every cause, by name."""
    return tuple(cause for _, cause in sorted(load_plugins(PACKAGE, kind="cause").items()))


def root_causes(suspects: Sequence[Suspect]) -> tuple[RootCause, ...]:
    """Return what is wrong with the layers, the costliest first.

    Layers are sorted by what the output regains when they are float, in whole dB, then by how bad it is when they alone
    are quantized; causes of one layer by what their cure gains in it.
    """
    readers: dict[int, list[int]] = {}
    for place, suspect in enumerate(suspects):
        for maker in suspect.reads:
            readers.setdefault(maker, []).append(place)
    seen: Seen = {}
    costs: dict[tuple[int, str], float | None] = {}
    for place, suspect in enumerate(suspects):
        for cause in causes():
            involved = [suspect, *(suspects[i] for i in readers.get(suspect.index, []) if cause.spreads)]
            regained = max((s.regained_db for s in involved if s.regained_db is not None), default=None)
            asked = cause.always or any(map(matters, involved))
            found = cause.find(suspect) if asked else None
            if found is not None:
                seen[place, cause.name] = cause, found
                costs[place, cause.name] = regained
    for place, name in _explained(suspects, seen, readers):
        seen.pop((place, name), None)
    made: list[tuple[tuple[float, float, int, float, str], RootCause]] = []
    for (place, name), (cause, hit) in seen.items():
        suspect = suspects[place]
        cost = -float(round(max(costs[place, name] or 0.0, 0.0)))
        behind = [suspects[i].alone_db for i in readers.get(suspect.index, []) if cause.spreads]
        alone = min((v for v in (suspect.alone_db, *behind) if v is not None), default=None)
        record = RootCause(
            name=name,
            index=suspect.index,
            op=suspect.op,
            layer=suspect.layer,
            message=hit.message,
            gain_db=hit.gain_db,
            regained_db=costs[place, name],
            alone_db=alone,
            flags=cause.flags,
            remedy=cause.remedy,
        )
        made.append(((cost, 200.0 if alone is None else alone, place, -(hit.gain_db or 0.0), name), record))
    return tuple(record for _, record in sorted(made, key=lambda entry: entry[0]))


def _explained(suspects: Sequence[Suspect], seen: Seen, readers: dict[int, list[int]]) -> set[tuple[int, str]]:
    """Return what follows from something else that was found."""
    gone: set[tuple[int, str]] = set()
    for (place, _), (cause, _) in seen.items():
        places = readers.get(suspects[place].index, []) if cause.spreads else [place]
        gone.update((where, name) for where in places for name in cause.explains)
    return gone
