"""Running functions in processes of their own, so that a crash there is an error here.

A `Worker` is one fresh Python that carries out calls one after the other and keeps its imports and open models
between them. A `Pool` is several. Functions are named by import path, so a caller need not import what they need.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from queue import SimpleQueue
from threading import Lock, RLock
from types import TracebackType
from typing import Any

from litesmith.core.errors import EvaluationError
from litesmith.core.worker_errors import RemoteError, WorkerClosed, WorkerCrash, WorkerTimeout

_TAIL_BYTES = 4000
OnProgress = Callable[[int, int], None]


class Worker:
    """One Python process that carries out calls.

    Args:
        label: What to call it in messages.
        environment: Variables set for the process, over the current ones.
        scratch: Whether its temporary files go into a folder of their own, which is removed when it ends: for
            libraries that remove theirs only at an orderly exit, which a worker that is ended does not have.
    """

    def __init__(self, label: str, *, environment: Mapping[str, str] | None = None, scratch: bool = False) -> None:
        self.label = label
        self._has_scratch = scratch
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        self._environment = {**os.environ, **(environment or {})}
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the worker
        self._spoken = 0  # bytes printed before the call under way: what another call said is no cause of its end
        self._calling = RLock()  # held by the thread that uses the connections
        self._left = False

    def __enter__(self) -> Worker:
        """Return itself; the process starts with the first call."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the process for good: a call under way in another thread fails, and no other begins."""
        self._left = True
        self.close()
        self._output.close()

    def start(self) -> None:
        """Start the process if it does not run, without waiting for it.

        Raises:
            WorkerClosed: the worker was left.
        """
        with self._calling:
            if self._left:
                raise WorkerClosed(f"{self.label} was ended")
            if self._process is None:
                self._start()

    def _start(self) -> None:
        parent, child = os.pipe(), os.pipe()
        arguments, environment = [str(parent[0]), str(child[1])], self._environment
        if self._has_scratch:
            self._scratch = tempfile.TemporaryDirectory(prefix="litesmith-", ignore_cleanup_errors=True)
            arguments.append(self._scratch.name)
            environment = {**environment, "TMPDIR": self._scratch.name}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "litesmith.core.isolated_main", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._output,
            pass_fds=(parent[0], child[1]),
            env=environment,
        )
        os.close(parent[0])
        os.close(child[1])
        self._requests = Connection(parent[1], readable=False)
        self._connection = Connection(child[0], writable=False)

    def call(
        self, function: str, /, *, timeout_s: float = 3600.0, on_progress: OnProgress | None = None, **arguments: Any
    ) -> Any:
        """Return `function(**arguments)`, carried out in the process.

        Args:
            function: `package.module:name` below `litesmith`.
            timeout_s: Time without any sign of life after which the process is ended.
            on_progress: Called with (done, total); the function is then given a `progress` argument.
            arguments: Pickled to the process.

        Raises:
            LitesmithError: whatever of ours the function raised.
            RemoteError: it raised anything else.
            WorkerCrash: the process died.
            WorkerTimeout: it gave no sign of life for `timeout_s`.
            WorkerClosed: the worker was left.
        """
        with self._calling:
            return self._call(function, timeout_s=timeout_s, on_progress=on_progress, arguments=arguments)

    def _call(
        self, function: str, *, timeout_s: float, on_progress: OnProgress | None, arguments: Mapping[str, Any]
    ) -> Any:
        self.start()
        self._spoken = os.fstat(self._output.fileno()).st_size
        kind, value = self._exchange((function, arguments, on_progress is not None), timeout_s)
        while kind == "progress" and on_progress is not None:
            try:
                on_progress(*value)
            except BaseException:
                self.close()  # else its answer would be taken for that to the next call
                raise
            kind, value = self._exchange(None, timeout_s)
        if kind == "result":
            return value
        if kind == "ours":
            raise value
        name, message, trace = value
        raise RemoteError(f"{name}: {message}" if message else name, kind=name, trace=trace)

    def _exchange(self, request: object, timeout_s: float) -> tuple[str, Any]:
        """Return what the process says next, after sending it a request if there is one."""
        assert self._connection is not None
        try:
            if request is not None:
                self._requests.send(request)
            if self._connection.poll(timeout_s):
                kind, value = self._connection.recv()
                return kind, value
        except (EOFError, OSError) as error:
            raise self._crash() from error
        self.close()
        raise WorkerTimeout(
            f"{self.label} gave no sign of life for {timeout_s:g} s and was ended",
            hint="Raise the limit, or try a smaller model or dataset.",
        )

    def output(self) -> str:
        """Return the last of what the process printed since its call began."""
        size = os.fstat(self._output.fileno()).st_size
        tail = os.pread(self._output.fileno(), _TAIL_BYTES, max(self._spoken, size - _TAIL_BYTES))
        return tail.decode("utf-8", "replace").strip()

    def _crash(self) -> EvaluationError:
        assert self._process is not None
        code = self._process.wait()
        self._forget()
        if self._left:
            return WorkerClosed(f"{self.label} was ended")
        how = f"exit code {code}"
        if code < 0:
            how = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
        lines = self.output().splitlines()
        last = f": {lines[-1][:300]}" if lines else ""
        return WorkerCrash(f"{self.label} ended abruptly ({how}){last}", output=self.output())

    def _forget(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._requests.close()
        if self._scratch is not None:
            self._scratch.cleanup()
        self._process = self._connection = self._scratch = None

    def close(self) -> None:
        """End the process at once; the next call starts a new one. A call under way in another thread fails."""
        process = self._process
        if process is not None:
            process.kill()
            process.wait()
        with self._calling:
            self._forget()


class Pool:
    """Several workers that share out a list of calls.

    Args:
        size: Number of processes.
        label: What to call them in messages.
        environment: Variables set for each process.
    """

    def __init__(self, size: int, label: str, *, environment: Mapping[str, str] | None = None) -> None:
        self.workers = [Worker(label, environment=environment) for _ in range(max(1, size))]

    def __enter__(self) -> Pool:
        """Return itself; processes start with the first calls."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End all processes."""
        for worker in self.workers:
            worker.__exit__(kind, error, trace)

    def close(self) -> None:
        """End all processes; the next calls start new ones."""
        for worker in self.workers:
            worker.close()

    def start(self) -> None:
        """Start all processes without waiting for them."""
        for worker in self.workers:
            worker.start()

    def map(
        self,
        function: str,
        calls: Sequence[Mapping[str, Any]],
        /,
        *,
        timeout_s: float = 3600.0,
        on_done: Callable[[int], None] | None = None,
    ) -> list[Any]:
        """Return the results of all calls, in their order. A worker takes the next call as soon as it is free.

        Args:
            function: As for `Worker.call`.
            calls: Arguments of each call.
            timeout_s: Limit for each call.
            on_done: Called with the number of finished calls after each.

        Raises:
            LitesmithError: the first error; calls not yet begun are dropped.
        """
        idle: SimpleQueue[Worker] = SimpleQueue()
        for worker in self.workers:
            idle.put(worker)
        finished, lock = 0, Lock()
        results: list[Any] = [None] * len(calls)

        def run(index: int) -> None:
            nonlocal finished
            worker = idle.get()
            try:
                results[index] = worker.call(function, timeout_s=timeout_s, **calls[index])
            finally:
                idle.put(worker)
            with lock:
                finished += 1
                if on_done is not None:
                    on_done(finished)

        with ThreadPoolExecutor(len(self.workers)) as threads:
            futures = [threads.submit(run, index) for index in range(len(calls))]
            try:
                for future in futures:
                    future.result()
            except BaseException as error:
                for future in futures:
                    future.cancel()
                if isinstance(error, KeyboardInterrupt):
                    for worker in self.workers:
                        worker.close()
                raise
        return results


def spans(count: int, size: int) -> list[tuple[int, int]]:
    """Return half-open ranges of at most `size` that cover `count` items.

    >>> spans(5, 2)
    [(0, 2), (2, 4), (4, 5)]
    """
    return [(start, min(start + size, count)) for start in range(0, count, size)]


def usable_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
