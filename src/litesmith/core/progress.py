"""How long work tells what it is doing: one callable, passed down, rendered by the CLI."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Receives progress of a named piece of work.

    `total` is 0 while unknown. The last call for a stage has `done == total`.
    """

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Report that `done` of `total` units of `stage` are finished."""


def silent(stage: str, done: int, total: int) -> None:
    """Report nothing."""
