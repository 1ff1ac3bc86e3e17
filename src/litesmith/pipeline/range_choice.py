"""The selector among calibrators: for each activation the range that does best behind the layers that read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from litesmith.core.samples import SampleSet
from litesmith.pipeline.run import Run
from litesmith.quantize.activations import TensorStatistics
from litesmith.quantize.build import Ranges
from litesmith.quantize.calibrator import every_range

SELECTOR = "layer_output"
_BITS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """(min, max) of every activation, by name."""

    ranges: dict[str, tuple[float, float]]


def chosen_ranges(
    run: Run, model: Path, digest: str, samples: SampleSet, statistics: Mapping[str, TensorStatistics]
) -> Ranges:
    """Return, for each activation, the range of the calibrator whose error behind the next layers is the least.

    Args:
        run: The run it belongs to.
        model: The float model.
        digest: Its sha256.
        samples: Representative samples; a few of them are run.
        statistics: What the activations did.

    Raises:
        EvaluationError: an operator of the model cannot run alone.
    """

    def make(folder: Path) -> Chosen:
        del folder
        found = run.pool.workers[0].call(
            "litesmith.quantize.clipping:choose_ranges",
            float_model=model,
            samples=samples,
            rows=range(samples.count),
            candidates={name: list(every_range(t, bits=_BITS).values()) for name, t in statistics.items()},
        )
        return Chosen(ranges=found)

    return run.step("choose ranges", {"float": digest, "samples": samples.digest}, Chosen, make, version=1).value.ranges
