"""Fresh TensorFlow processes: one for each rung after the first, and the next one importing while that one works."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Lock
from typing import Any

from litesmith.core.isolated import Worker
from litesmith.core.tensorflow_worker import tensorflow_worker
from litesmith.core.worker_errors import WorkerClosed

IMPORT = "litesmith.convert.tensorflow_process:import_tensorflow"
IMPORT_TIMEOUT_S = 300.0


class FreshProcesses:
    """TensorFlow processes that are used once. None is started before the first is asked for."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._left = False
        self._environment = dict(os.environ)  # all processes of one conversion have the same
        self._all: list[Worker] = []
        self._next: tuple[Worker, Future[Any]] | None = None
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="litesmith-rung")

    def warm(self) -> None:
        """Begin to import TensorFlow in the next process, unless that has begun.

        Raises:
            WorkerClosed: the processes were left.
        """
        with self._lock:
            if self._left:
                raise WorkerClosed("TensorFlow was ended")
            if self._next is None:
                worker = tensorflow_worker(self._environment)
                self._all.append(worker)
                worker.start()
                self._next = (worker, self._threads.submit(worker.call, IMPORT, timeout_s=IMPORT_TIMEOUT_S))

    @contextmanager
    def one(self, *, more: bool) -> Iterator[Worker]:
        """Yield a process that has TensorFlow, and end it; with `more`, warm up the one after it meanwhile.

        Raises:
            WorkerClosed: the processes were left.
            LitesmithError: TensorFlow could not be imported.
        """
        self.warm()
        with self._lock:
            if self._left or self._next is None:
                raise WorkerClosed("TensorFlow was ended")
            worker, imported = self._next
            self._next = None
        try:
            imported.result()
            if more:
                self.warm()
            yield worker
        finally:
            self._end(worker)

    def rest(self) -> None:
        """End the process that nothing needs any more."""
        with self._lock:
            spare, self._next = self._next, None
        if spare is not None:
            self._end(spare[0])

    def leave(self) -> None:
        """End all processes for good: a rung under way fails, and no other begins."""
        with self._lock:
            self._left = True
            running, self._next = list(self._all), None
        for worker in running:
            self._end(worker)
        self._threads.shutdown(cancel_futures=True)

    def _end(self, worker: Worker) -> None:
        with self._lock:
            if worker not in self._all:
                return
            self._all.remove(worker)
        worker.__exit__(None, None, None)
