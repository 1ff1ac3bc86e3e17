"""One TensorFlow process that trains one model and ends."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from litesmith.core.errors import EvaluationError
from litesmith.core.isolated import OnProgress
from litesmith.core.samples import SampleSet
from litesmith.core.tensorflow_worker import tensorflow_worker
from litesmith.core.worker_errors import RemoteError
from litesmith.recover.process import Trained
from litesmith.recover.split import Split
from litesmith.recover.train import Schedule

_SILENCE_S = 900.0
"""Time without a finished batch after which training is given up."""


def recovered(
    *,
    opener: str,
    reopener: str,
    path: Path,
    samples: SampleSet,
    split: Split,
    ranges: Sequence[tuple[float, float] | None],
    schedule: Schedule,
    out: Path,
    on_progress: OnProgress,
) -> Trained:
    """Return what training gave. Arguments as for `process.recover`; leaving early ends the process.

    Raises:
        SourceError: the model is none that can be trained.
        EvaluationError: training failed, or its process ended or hung.
    """
    with tensorflow_worker() as worker:
        try:
            made: Trained = worker.call(
                "litesmith.recover.process:recover",
                timeout_s=_SILENCE_S,
                on_progress=on_progress,
                opener=opener,
                reopener=reopener,
                path=path,
                samples=samples,
                split=split,
                ranges=ranges,
                schedule=schedule,
                out=out,
            )
        except RemoteError as error:
            raise EvaluationError(f"training failed: {error.message.splitlines()[0][:300]}") from error
    return made
