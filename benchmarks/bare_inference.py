"""The float model run over prepared samples as plainly as can be, in several processes at once."""

from __future__ import annotations

import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

_open: dict[Path, tuple[Any, int]] = {}


def _run(model: Path, rows: Path, start: int, stop: int) -> None:
    """Set the input and invoke, for each row of a range; the model stays open for the next call."""
    if model not in _open:
        from ai_edge_litert.interpreter import Interpreter

        interpreter = Interpreter(model_path=str(model), num_threads=1)
        interpreter.allocate_tensors()
        _open[model] = interpreter, interpreter.get_input_details()[0]["index"]
    interpreter, index = _open[model]
    stored = np.load(rows, mmap_mode="r")
    for row in range(start, stop):
        interpreter.set_tensor(index, stored[row : row + 1])
        interpreter.invoke()


class BareLoops:
    """Processes that run a model over shares of the same samples.

    Args:
        model: The .tflite.
        rows: .npy file of its inputs, float32 [N, ...].
        processes: How many.
    """

    def __init__(self, model: Path, rows: Path, *, processes: int) -> None:
        count = len(np.load(rows, mmap_mode="r"))
        ends = [round(count * part / processes) for part in range(processes + 1)]
        self._shares = [(model, rows, a, b) for a, b in pairwise(ends)]
        self._pool = ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn"))

    def __enter__(self) -> BareLoops:
        """Start the processes and run once, so that models are open and files are in memory."""
        self.seconds()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the processes."""
        self._pool.shutdown()

    def seconds(self) -> float:
        """Return the wall time of running all samples once."""
        begun = time.perf_counter()
        for done in [self._pool.submit(_run, *share) for share in self._shares]:
            done.result()
        return time.perf_counter() - begun
