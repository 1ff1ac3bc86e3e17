"""Judges candidates by how far they are from the float model, without labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from litesmith.core.samples import SampleSet
from litesmith.evaluate.metric import class_count, predicted
from litesmith.pipeline.run import Run
from litesmith.runtime.flatbuffer import read_graph
from litesmith.runtime.one_tensor import judged_tensor

_LEAST = 1e-30


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A candidate on some samples.

    Attributes:
        noise: Power of the difference to float, per sample, float64 [N].
        sqnr_db: Signal to noise ratio over all samples.
        agreement: Share with the float model's class; None for other outputs.
    """

    noise: npt.NDArray[np.float64]
    sqnr_db: float
    agreement: float | None

    def gains_over(self, other: Judged) -> npt.NDArray[np.float64]:
        """Return by how much less noise there is than in another candidate, in dB, per sample."""
        gains: npt.NDArray[np.float64] = 10 * np.log10(np.maximum(other.noise, _LEAST) / np.maximum(self.noise, _LEAST))
        return gains


class Judge:
    """Compares candidates with the float model in the tensor before a final SOFTMAX, or in the scored output.

    Args:
        run: The run it belongs to.
        model: The float model.
        samples: Representative samples.
        rows: Those to judge on.
    """

    def __init__(self, run: Run, model: Path, *, samples: SampleSet, rows: Sequence[int]) -> None:
        self._run, self._model, self._samples, self._rows = run, model, samples, rows
        self._tensor = judged_tensor(read_graph(model).main, run.settings.output)
        self._real: npt.NDArray[np.float32] | None = None

    def of(self, path: Path) -> Judged:
        """Return how far a candidate is from the float model.

        Raises:
            EvaluationError: it does not run, or lacks the tensor.
        """
        if self._real is None:
            self._real = self._values(self._model)
        made = self._values(path)
        wrong = (made.astype(np.float64) - self._real).reshape(len(made), -1)
        noise = np.square(wrong).mean(axis=1)
        power = float(np.square(self._real.astype(np.float64) - self._real.mean()).mean())
        agreement = None
        shape = self._real.shape[:1] + tuple(size for size in self._real.shape[1:] if size != 1)
        if class_count(shape) is not None:
            same = predicted(made.reshape(shape)) == predicted(self._real.reshape(shape))
            agreement = float(same.mean())
        ratio = max(power, _LEAST) / max(float(noise.mean()), _LEAST)
        return Judged(noise=noise, sqnr_db=min(10 * float(np.log10(ratio)), 140.0), agreement=agreement)

    def _values(self, path: Path) -> npt.NDArray[np.float32]:
        shares = [part.tolist() for part in np.array_split(self._rows, len(self._run.pool.workers)) if len(part)]
        parts = self._run.pool.map(
            "litesmith.runtime.one_tensor:values_of",
            [{"path": path, "tensor": self._tensor, "samples": self._samples, "rows": rows} for rows in shares],
        )
        values: npt.NDArray[np.float32] = np.concatenate(parts)
        return values
