"""Progress on the error stream: bars on a terminal, a line per stage elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Any

from litesmith.cli import interruption


class Bars:
    """Shows progress of stages; a context manager that is itself the `Progress` callable.

    Args:
        quiet: Show nothing.
    """

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._live: Any = None
        self._tasks: dict[str, Any] = {}
        self._begun: dict[str, float] = {}

    def __enter__(self) -> Bars:
        """Begin to show."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the terminal as it was."""
        if self._live is not None:
            self._live.stop()

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Show that `done` of `total` units of a stage are finished.

        Raises:
            Interrupted: Ctrl-C arrived before and was lost.
        """
        interruption.raise_if_lost()
        if self._quiet:
            return
        if sys.stderr.isatty():
            self._bar(stage, done, total)
        else:
            self._line(stage, done, total)

    def _bar(self, stage: str, done: int, total: int) -> None:
        if self._live is None:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

            self._live = Progress(
                TextColumn("{task.description:<26}", markup=False),
                BarColumn(bar_width=30),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                console=Console(stderr=True),
            )
            self._live.start()
        if stage not in self._tasks:
            self._tasks[stage] = self._live.add_task(stage, total=None)
        self._live.update(self._tasks[stage], completed=done, total=total or None)

    def _line(self, stage: str, done: int, total: int) -> None:
        if stage not in self._begun:
            self._begun[stage] = time.perf_counter()
        elif total and done == total and self._begun[stage] >= 0:
            print(f"{stage}: {time.perf_counter() - self._begun[stage]:.1f} s", file=sys.stderr, flush=True)
            self._begun[stage] = -1.0
