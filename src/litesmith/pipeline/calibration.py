"""Ranges for the integer schemes: one pass over the samples, then the calibrator that does best."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np

from litesmith.core.errors import EvaluationError, LitesmithError
from litesmith.core.names import unknown
from litesmith.core.registry import plugin_names
from litesmith.core.results import Calibration, CalibratorTrial, Finding
from litesmith.core.samples import SampleSet
from litesmith.pipeline.correction_plan import FIRST, LEAST_SAMPLES, held_back, wanted_corrections
from litesmith.pipeline.float_model import FloatModel
from litesmith.pipeline.judging import Judge
from litesmith.pipeline.range_choice import SELECTOR, chosen_ranges
from litesmith.pipeline.run import Run
from litesmith.quantize.activations import TensorStatistics
from litesmith.quantize.build import Ranges
from litesmith.quantize.calibrator import PACKAGE, calibrator_named
from litesmith.quantize.collect import collect, ranges_of
from litesmith.quantize.input_range import byte_range
from litesmith.quantize.stability import stability, unstable_ranges
from litesmith.runtime.feeding import match
from litesmith.runtime.flatbuffer import read_graph

AUTO = "auto"
_TRIAL_BITS = 8
_TRIAL_SAMPLES = 32
"""Samples that biases are corrected from while calibrators are compared."""
_STEADY = "min_max"
"""Whose ranges tell whether the samples were enough where each tensor has a rule of its own."""
_FILE = "statistics.npz"
_NUMBERS = ("minimum", "maximum", "mean_minimum", "mean_maximum", "count", "samples")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """The summary of one pass over the samples; the statistics are in a file beside it."""

    samples: int
    tensors: int
    duration_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Trials:
    """What each calibrator's int8 model did on the calibration samples."""

    trials: tuple[CalibratorTrial, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrated:
    """Ranges by bits of activation, the samples they are from, and the record for the report."""

    samples: SampleSet
    statistics: Mapping[str, TensorStatistics]
    inputs: Ranges
    record: Calibration
    chosen: Ranges | None = None

    def ranges_on(
        self, run: Run, model: Path, digest: str, statistics: Mapping[str, TensorStatistics]
    ) -> dict[str, tuple[float, float]]:
        """Return (min, max) of every activation of another float model, by the calibrator in use, for 8 bits."""
        if self.chosen is not None:
            return dict(chosen_ranges(run, model, digest, self.samples, statistics))
        return ranges_of(statistics, calibrator_named(self.record.calibrator).range_of, bits=_TRIAL_BITS)

    def ranges(self, bits: int) -> Ranges:
        """Return (min, max) of every activation for integers of `bits` bits.

        Sixteen bits need no clipping: their step is far below any model's noise, so they take the true extremes.
        """
        if bits > 8:
            return ranges_of(self.statistics, calibrator_named("min_max").range_of, bits=bits)
        if self.chosen is not None:
            return {**self.chosen, **self.inputs}
        found = ranges_of(self.statistics, calibrator_named(self.record.calibrator).range_of, bits=bits)
        return {**found, **self.inputs}


def calibrator_names() -> tuple[str, ...]:
    """Return what `--calibrator` takes."""
    return (AUTO, SELECTOR, *plugin_names(PACKAGE))


def require_calibrator(name: str) -> None:
    """Check a calibrator's name.

    Raises:
        UnknownNameError: there is none of that name.
    """
    if name not in calibrator_names():
        raise unknown("calibrator", name, calibrator_names())


def calibrate(run: Run, model: FloatModel, samples: SampleSet, *, findings: tuple[Finding, ...]) -> Calibrated:
    """Return the ranges for a model from its representative samples.

    With `auto`, an int8 model is built with each calibrator and run on the calibration samples; the one whose output
    has the best signal to noise ratio against the float model is kept. The evaluation samples play no part.

    Raises:
        EvaluationError: the float model gives NaN or cannot be run.
    """
    statistics, passed = _statistics(run, model, samples)
    inputs = _input_ranges(model, samples)
    wanted = run.settings.calibrator
    trials: tuple[CalibratorTrial, ...] = ()
    if wanted == AUTO:
        trials = _trials(run, model, samples, statistics, inputs)
        best = max(trials, key=lambda t: t.sqnr_db) if trials else None
        name = best.calibrator if best else "min_max"
        reason = (
            f"best output SQNR of {len(trials)} calibrators on {_judged_on(run, samples, trials)}"
            if best
            else "no int8 model could be built to compare calibrators"
        )
    else:
        name, reason = wanted, "asked for with --calibrator"
    chosen = chosen_ranges(run, model.path, model.conversion.sha256, samples, statistics) if name == SELECTOR else None
    settled = stability(
        statistics,
        calibrator_named(_STEADY if chosen is not None else name).range_of,
        bits=_TRIAL_BITS,
        samples=passed.samples,
        known=frozenset(inputs),
    )
    record = Calibration(
        calibrator=name,
        reason=reason,
        trials=trials,
        samples=passed.samples,
        tensors=passed.tensors,
        duration_s=passed.duration_s,
        findings=(*findings, *unstable_ranges(settled, name)),
        stability=settled,
    )
    return Calibrated(samples=samples, statistics=statistics, inputs=inputs, record=record, chosen=chosen)


def _input_ranges(model: FloatModel, samples: SampleSet) -> Ranges:
    """Return the ranges of inputs fed from bytes, by tensor name; they follow from the preprocessing."""
    graph = read_graph(model.path)
    fed = [samples.inputs[position] for position in match(samples, graph.input_specs)]
    return {
        graph.main.tensors[index].name: byte_range(samples.preprocessing)
        for index, entry in zip(graph.main.inputs, fed, strict=True)
        if entry.dtype == "uint8" and entry.normalized
    }


def _statistics(run: Run, model: FloatModel, samples: SampleSet) -> tuple[dict[str, TensorStatistics], Pass]:
    def make(folder: Path) -> Pass:
        begun = time.perf_counter()
        with run.telling("calibrate") as tell:
            found = collect(model.path, samples, pool=run.pool, on_progress=tell)
        duration_s = time.perf_counter() - begun
        save(found, folder / _FILE)
        return Pass(samples=samples.count, tensors=len(found), duration_s=duration_s)

    key = {"float": model.conversion.sha256, "samples": samples.digest}
    kept = run.step("calibrate", key, Pass, make, version=4)
    return load(kept.folder / _FILE), kept.value


def save(statistics: Mapping[str, TensorStatistics], path: Path) -> None:
    """Write statistics to an .npz of flat arrays: each tensor, followed by its halves where it has them."""
    tensors = [each for t in statistics.values() for each in (t, *t.halves)]
    np.savez(
        path,
        names=np.array(list(statistics), dtype=np.str_),
        halves=np.array([len(t.halves) for t in statistics.values()]),
        **{field: np.array([getattr(t, field) for t in tensors]) for field in _NUMBERS},  # type: ignore[arg-type]
        ends=np.cumsum([len(t.bins) for t in tensors]),
        bins=np.concatenate([t.bins for t in tensors]),
        weights=np.concatenate([t.weights for t in tensors]),
    )


def load(path: Path) -> dict[str, TensorStatistics]:
    """Return the statistics that `save` wrote."""
    with np.load(path) as stored:
        bins = np.split(stored["bins"], stored["ends"][:-1])
        weights = np.split(stored["weights"], stored["ends"][:-1])
        numbers = zip(*(stored[field].tolist() for field in _NUMBERS), strict=True)
        tensors = iter(
            TensorStatistics(**dict(zip(_NUMBERS, row, strict=True)), bins=b, weights=w)
            for row, b, w in zip(numbers, bins, weights, strict=True)
        )
        return {
            str(name): replace(next(tensors), halves=tuple(islice(tensors, int(halves))))
            for name, halves in zip(stored["names"], stored["halves"], strict=True)
        }


def _trials(
    run: Run, model: FloatModel, samples: SampleSet, statistics: Mapping[str, TensorStatistics], inputs: Ranges
) -> tuple[CalibratorTrial, ...]:
    """Return what each calibrator's int8 model did, its biases corrected first if they will be in the end."""
    corrected = _corrected_first(run, samples)
    held, fit = held_back(samples.count, seed=run.settings.seed) if corrected else (range(samples.count), [])

    def made(name: str, out: Path) -> None:
        ranges = {**_ranges_by(name, run, model, samples, statistics), **inputs}
        run.pool.workers[0].call(
            "litesmith.quantize.build:build", float_model=model.path, out=out, scheme="int8", ranges=ranges
        )
        with suppress(EvaluationError):  # operators that cannot run alone: the plain model is compared
            if not corrected:
                return
            run.pool.workers[0].call(
                "litesmith.quantize.correcting:correct_layers",
                float_model=model.path,
                quantized_model=out,
                out=out,
                samples=samples,
                rows=fit[:_TRIAL_SAMPLES],
                corrections=[FIRST],
                seed=run.settings.seed,
            )

    def make(folder: Path) -> Trials:
        names = (*plugin_names(PACKAGE), SELECTOR)
        found = []
        judge = Judge(run, model.path, samples=samples, rows=held)
        with run.telling("compare calibrators") as tell:
            for done, name in enumerate(names, start=1):
                out = folder / f"{name}.tflite"
                try:
                    made(name, out)
                    judged = judge.of(out)
                except LitesmithError:
                    continue  # the variant itself reports why it cannot be built
                finally:
                    tell(done, len(names))
                found.append(CalibratorTrial(calibrator=name, sqnr_db=judged.sqnr_db, agreement=judged.agreement))
        return Trials(trials=tuple(found))

    key = {
        "float": model.conversion.sha256,
        "samples": samples.digest,
        "calibrators": (*plugin_names(PACKAGE), SELECTOR),
        "output": run.settings.output,
        "inputs": {name: list(pair) for name, pair in inputs.items()},
        "corrected": [run.settings.seed] if corrected else [],
    }
    return run.step("compare calibrators", key, Trials, make, version=5).value.trials


def _corrected_first(run: Run, samples: SampleSet) -> bool:
    return FIRST in wanted_corrections(run.settings.corrections) and samples.count >= LEAST_SAMPLES


def _judged_on(run: Run, samples: SampleSet, trials: Sequence[CalibratorTrial]) -> str:
    if not _corrected_first(run, samples):
        return f"the {samples.count} calibration samples"
    held, _ = held_back(samples.count, seed=run.settings.seed)
    alone = any(trial.calibrator == SELECTOR for trial in trials)  # else no operator could be run by itself
    return f"{len(held)} held-back calibration samples{', with biases corrected' if alone else ''}"


def _ranges_by(
    name: str, run: Run, model: FloatModel, samples: SampleSet, statistics: Mapping[str, TensorStatistics]
) -> Ranges:
    if name == SELECTOR:
        return chosen_ranges(run, model.path, model.conversion.sha256, samples, statistics)
    return ranges_of(statistics, calibrator_named(name).range_of, bits=_TRIAL_BITS)
