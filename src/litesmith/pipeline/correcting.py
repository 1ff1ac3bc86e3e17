"""Corrections of an integer variant: each is tried on top of those before it, and kept if it helps.

Three of four calibration samples are for computing corrections; every fourth, up to a hundred, is held back and judges
them. The evaluation samples play no part.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from litesmith.core.corrections import CorrectionTrial
from litesmith.core.errors import LitesmithError
from litesmith.core.names import unknown
from litesmith.core.samples import SampleSet
from litesmith.core.worker_errors import WorkerClosed
from litesmith.evaluate.intervals import mean_interval
from litesmith.evaluate.metric import class_count, predicted
from litesmith.pipeline.calibration import Calibrated
from litesmith.pipeline.candidates import Candidates
from litesmith.pipeline.float_model import FloatModel
from litesmith.pipeline.run import Run
from litesmith.quantize.correction import Moment, correction_named, correction_names
from litesmith.quantize.scheme import Interface, Scheme
from litesmith.runtime.flatbuffer import read_graph
from litesmith.runtime.one_tensor import judged_tensor

AUTO, NONE = "auto", "none"
LEAST_SAMPLES = 16
"""Calibration samples below which nothing is corrected: too few to compute and to judge."""
_HELD_EVERY, _MOST_HELD = 4, 100
_SCREENED, FINAL = 48, 192
"""Samples that a layer correction is computed from while others are tried, and in the end."""
_SURE = 1.0
"""Standard errors by which a gain has to exceed zero."""
_MODEL, _FLOAT = "corrected.tflite", "float.tflite"
_FIRST = "bias_correction"
"""Tried before all others: it takes away the error that would hide what they gain."""

Noise = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrections:
    """What was kept, and every trial."""

    kept: tuple[str, ...]
    trials: tuple[CorrectionTrial, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A candidate on the held-back samples.

    Attributes:
        noise: Power of the difference to float, per sample, float64 [N].
        sqnr_db: Signal to noise ratio over all samples.
        agreement: Share with the float model's class; None for other outputs.
    """

    noise: Noise
    sqnr_db: float
    agreement: float | None


def wanted_corrections(names: Sequence[str]) -> tuple[str, ...]:
    """Return the corrections to try, in the order they act.

    Raises:
        UnknownNameError: no such correction; the hint names the nearest.
    """
    known = correction_names()
    for name in names:
        if name not in (*known, AUTO, NONE):
            raise unknown("correction", name, (*known, AUTO, NONE))
    if AUTO in names:
        return known
    return tuple(name for name in known if name in names)


def held_back(count: int, *, seed: int) -> tuple[list[int], list[int]]:
    """Return the calibration samples that judge, in order, and those to compute corrections from, shuffled."""
    order = np.random.default_rng(seed).permutation(count).tolist()
    held = min(_MOST_HELD, count // _HELD_EVERY)
    return sorted(order[:held]), order[held:]


class Correcting:
    """The trials for one scheme.

    Args:
        run: The run it belongs to.
        model: The float model.
        calibrated: Ranges of the plain variant.
        samples: Representative samples.
        scheme: The scheme.
        interface: Number type of inputs and outputs.
        folder: Where files go.
    """

    def __init__(
        self,
        run: Run,
        model: FloatModel,
        calibrated: Calibrated,
        *,
        samples: SampleSet,
        scheme: Scheme,
        interface: Interface,
        folder: Path,
    ) -> None:
        self.run, self.model, self.samples, self.scheme, self.folder = run, model, samples, scheme, folder
        self.interface = interface
        self.held, self.fit = held_back(samples.count, seed=run.settings.seed)
        self.tensor = judged_tensor(read_graph(model.path).main, run.settings.output)
        self._real: npt.NDArray[np.float32] | None = None
        self.candidates = Candidates(
            run, model, calibrated, samples=samples, rows=self.fit, scheme=scheme, interface=interface, folder=folder
        )

    def go(self, names: Sequence[str]) -> Corrections:
        """Try corrections and leave the best model in the folder."""
        order = sorted(names, key=lambda name: name != _FIRST)
        kept: tuple[str, ...] = ()
        trials = []
        with self.run.telling(f"correct {self.scheme.name}") as tell:
            best = self._judge(self.candidates.made((), samples=_SCREENED)[0])
            for done, name in enumerate(order, start=1):
                trial, found = self._tried(name, kept, best)
                trials.append(trial)
                if trial.kept and found is not None:
                    kept, best = tuple(n for n in correction_names() if n in (*kept, name)), found
                tell(done, len(order) + 1)
            path, _ = self.candidates.made(kept, samples=FINAL)
            path.replace(self.folder / _MODEL)
        placed = {trial.correction: trial for trial in trials}
        return Corrections(kept=kept, trials=tuple(placed[name] for name in correction_names() if name in placed))

    def _tried(self, name: str, kept: tuple[str, ...], best: Judged) -> tuple[CorrectionTrial, Judged | None]:
        begun = time.perf_counter()
        plugin = correction_named(name)
        trial = CorrectionTrial(correction=name, kept=False, reason="", source=plugin.source)
        if name == "input_matching" and self.interface is Interface.FLOAT32:
            return replace(trial, reason="inputs stay float with --interface float32"), None
        try:
            path, notes = self.candidates.made(
                tuple(n for n in correction_names() if n in (*kept, name)), samples=_SCREENED
            )
            did = notes.get(name, "")
            if plugin.moment is not Moment.LAYER and not did:
                return replace(trial, reason="found nothing to change"), None
            found = self._judge(path)
        except WorkerClosed:
            raise
        except LitesmithError as error:
            return replace(trial, reason=f"could not be applied: {error.message}"), None
        gains = 10 * np.log10(np.maximum(best.noise, 1e-30) / np.maximum(found.noise, 1e-30))
        mean, spread = float(gains.mean()), float(gains.std(ddof=1)) / len(gains) ** 0.5
        keep = mean > _SURE * spread or (plugin.simplifies and mean > -_SURE * spread)
        word = "helps" if mean > _SURE * spread else "does no harm, and the app is simpler" if keep else "does not help"
        trial = replace(
            trial,
            kept=keep,
            reason=f"{word}: {mean:+.2f} dB on {len(gains)} held-back samples",
            did=did,
            samples=len(gains),
            sqnr_before_db=best.sqnr_db,
            sqnr_after_db=found.sqnr_db,
            gain_db=mean,
            gain_interval_db=mean_interval(gains),
            agreement_before=best.agreement,
            agreement_after=found.agreement,
            duration_s=time.perf_counter() - begun,
        )
        return trial, found

    def _judge(self, path: Path) -> Judged:
        if self._real is None:
            self._real = self._values(self.model.path)
        made = self._values(path)
        wrong = (made.astype(np.float64) - self._real).reshape(len(made), -1)
        noise = np.square(wrong).mean(axis=1)
        power = float(np.square(self._real.astype(np.float64) - self._real.mean()).mean())
        agreement = None
        shape = self._real.shape[:1] + tuple(size for size in self._real.shape[1:] if size != 1)
        if class_count(shape) is not None:
            same = predicted(made.reshape(shape)) == predicted(self._real.reshape(shape))
            agreement = float(same.mean())
        ratio = power / max(float(noise.mean()), 1e-30)
        return Judged(noise=noise, sqnr_db=10 * float(np.log10(max(ratio, 1e-30))), agreement=agreement)

    def _values(self, path: Path) -> npt.NDArray[np.float32]:
        shares = [part.tolist() for part in np.array_split(self.held, len(self.run.pool.workers)) if len(part)]
        parts = self.run.pool.map(
            "litesmith.runtime.one_tensor:values_of",
            [{"path": path, "tensor": self.tensor, "samples": self.samples, "rows": rows} for rows in shares],
        )
        values: npt.NDArray[np.float32] = np.concatenate(parts)
        return values.reshape(len(values), *values.shape[2:]) if values.ndim > 2 and values.shape[1] == 1 else values


def corrected(
    run: Run, model: FloatModel, calibrated: Calibrated, *, scheme: Scheme, interface: Interface
) -> tuple[Path | None, tuple[CorrectionTrial, ...]]:
    """Return the corrected model of a scheme, without its final interface, and what was tried.

    None where nothing was asked for or kept; the plain variant is then the one to ship.

    Raises:
        LitesmithError: not even the plain variant can be built.
    """
    names = wanted_corrections(run.settings.corrections)
    samples = calibrated.samples
    if not names:
        return None, ()
    if samples.count < LEAST_SAMPLES:
        reason = f"not tried: {samples.count} calibration samples, at least {LEAST_SAMPLES} are needed"
        return None, tuple(
            CorrectionTrial(correction=name, kept=False, reason=reason, source=correction_named(name).source)
            for name in names
        )

    def make(folder: Path) -> Corrections:
        correcting = Correcting(
            run, model, calibrated, samples=samples, scheme=scheme, interface=interface, folder=folder
        )
        return correcting.go(names)

    key = {
        "float": model.conversion.sha256,
        "samples": samples.digest,
        "scheme": scheme.name,
        "interface": "float32" if interface is Interface.FLOAT32 else "int8",
        "ranges": {name: list(pair) for name, pair in calibrated.ranges(8).items()},
        "corrections": list(names),
        "output": run.settings.output,
        "seed": run.settings.seed,
    }
    kept = run.step("correct", key, Corrections, make, version=1)
    return (kept.folder / _MODEL if kept.value.kept else None), kept.value.trials
