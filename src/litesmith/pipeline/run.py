"""What the steps of one run share: settings, cache, workers, progress and the record of times."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from litesmith.core.deployment import StageTime
from litesmith.core.errors import ConfigError
from litesmith.core.files import require_writable
from litesmith.core.isolated import Pool, usable_cores
from litesmith.core.progress import Progress, silent
from litesmith.pipeline.cache import Cache, Kept
from litesmith.pipeline.settings import Settings, flag

T = TypeVar("T")
CACHE_FOLDER = ".cache"
_LEAST = {
    **dict.fromkeys(("jobs", "samples", "calibration_samples", "batch", "output", "seed", "sustain"), 0),
    **dict.fromkeys(("threads", "runs", "warmup", "rung_timeout", "search_evaluations"), 1),
}


class Run:
    """One run of a verb.

    Args:
        settings: What to do.
        folder: Output folder; the cache lives in it.
        progress: Receives progress.

    Raises:
        OutputError: the folder cannot be written.
        ConfigError: a count is too small.
    """

    def __init__(self, settings: Settings, *, folder: Path, progress: Progress = silent) -> None:
        for name, least in _LEAST.items():
            if getattr(settings, name) < least:
                raise ConfigError(
                    f"{flag(name)} is {getattr(settings, name)}; it must be at least {least}",
                    hint="Leave the option out for its default.",
                )
        if min(settings.thread_sweep, default=1) < 1:
            raise ConfigError(
                f"--thread-sweep has {min(settings.thread_sweep)}; every number must be at least 1",
                hint="Write it like 1,2,4.",
            )
        self._made = not folder.exists()
        require_writable(folder)
        self.settings = settings
        self.folder = folder
        self.progress = progress
        self.cache = Cache(folder / CACHE_FOLDER)
        self.stages: list[StageTime] = []
        self._lock = threading.Lock()  # several boards are measured at the same time
        self.pool = Pool(settings.jobs or usable_cores(), "the model's worker process")

    def __enter__(self) -> Run:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the workers; after an error, leave no empty folder."""
        self.pool.__exit__(kind, error, trace)
        if error is not None and self._made:
            root = self.cache.root
            stages = list(root.iterdir()) if root.is_dir() else []
            for empty in (*stages, root, self.folder):
                with suppress(OSError):  # something is kept in it
                    empty.rmdir()

    def step(
        self, stage: str, key: Mapping[str, Any], kind: type[T], make: Callable[[Path], T], *, version: int = 1
    ) -> Kept[T]:
        """Return a stage's result from the cache or make it, and note the time. See `Cache.get`."""
        begun = time.perf_counter()
        kept = self.cache.get(stage, key, kind, make, version=version)
        self.note(stage, time.perf_counter() - begun, cached=kept.cached)
        return kept

    def note(self, stage: str, duration_s: float, *, cached: bool) -> None:
        """Add to a stage's time; a stage of several steps is cached when all of them were."""
        with self._lock:
            self._note(stage, duration_s, cached=cached)

    def _note(self, stage: str, duration_s: float, *, cached: bool) -> None:
        for index, known in enumerate(self.stages):
            if known.stage == stage:
                self.stages[index] = StageTime(
                    stage=stage, duration_s=known.duration_s + duration_s, cached=known.cached and cached
                )
                return
        self.stages.append(StageTime(stage=stage, duration_s=duration_s, cached=cached))

    def show(self, stage: str, done: int, total: int) -> None:
        """Report progress; may be called while another board is measured."""
        with self._lock:
            self.progress(stage, done, total)

    @contextmanager
    def telling(self, stage: str, *, going: Callable[[], None] = lambda: None) -> Iterator[Callable[[int, int], None]]:
        """Yield a callable that reports (done, total) of a stage, and close the stage's progress at the end.

        Args:
            stage: What is called so.
            going: Called before each report; raises when the run is over.
        """
        last = [0, 0]

        def tell(done: int, total: int) -> None:
            going()
            last[:] = [done, total]
            with self._lock:
                self.progress(stage, done, total)

        tell(0, 0)
        yield tell
        total = max(last[1], 1)
        tell(total, total)
