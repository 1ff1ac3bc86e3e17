"""What a command did, as tests look at it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """Exit code and what was printed."""

    code: int
    out: str
    err: str


Call = Callable[..., Called]
