"""Runs a variant over all samples, on every core."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from litesmith.core.isolated import Pool, spans
from litesmith.core.samples import SampleSet
from litesmith.core.tensors import TensorSpec

_CHUNKS_PER_WORKER = 3
_LARGEST_CHUNK = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What a model answered.

    Attributes:
        files: One .npy float32 [N, ...] of real values per output.
        outputs: The outputs' specs.
        samples_per_s: Samples over wall time, once the workers had the model open.
    """

    files: tuple[Path, ...]
    outputs: tuple[TensorSpec, ...]
    samples_per_s: float

    def values(self, index: int = 0) -> npt.NDArray[np.float32]:
        """Return one output over all samples, float32 [N, ...], mapped read-only."""
        stored: npt.NDArray[np.float32] = np.load(self.files[index], mmap_mode="r")
        return stored


def answer(
    model: Path,
    samples: SampleSet,
    *,
    pool: Pool,
    folder: Path,
    on_progress: Callable[[int, int], None] | None = None,
) -> Answers:
    """Run the model over all samples and keep its outputs in `folder`.

    Every worker runs single-threaded on samples of its own: for one sample at a time that uses the cores better than
    threads inside an inference.

    Raises:
        EvaluationError: the model cannot be run.
    """
    folder.mkdir(parents=True, exist_ok=True)
    job = {"path": model, "samples": replace(samples, names=(), labels=None, findings=())}  # what is sent each time
    specs: list[TensorSpec] = pool.map("litesmith.runtime.run_samples:output_specs", [job] * len(pool.workers))[0]
    files = tuple(folder / f"output_{index}.npy" for index in range(len(specs)))
    for file, spec in zip(files, specs, strict=True):
        shape = (samples.count, *(spec.shape[1:] if spec.shape[:1] == (1,) else spec.shape))
        np.lib.format.open_memmap(file, mode="w+", dtype=np.float32, shape=shape)
    size = min(_LARGEST_CHUNK, max(1, samples.count // (len(pool.workers) * _CHUNKS_PER_WORKER)))
    begun = time.perf_counter()
    pool.map(
        "litesmith.runtime.run_samples:run_range",
        [{**job, "start": a, "stop": b, "files": files} for a, b in spans(samples.count, size)],
        on_done=None if on_progress is None else lambda n: on_progress(min(n * size, samples.count), samples.count),
    )
    rate = samples.count / (time.perf_counter() - begun)
    return Answers(files=files, outputs=tuple(specs), samples_per_s=rate)
