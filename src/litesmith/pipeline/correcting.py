"""Corrections of an integer variant: each is tried on top of those before it, and kept if it helps."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from litesmith.core.corrections import CorrectionTrial
from litesmith.core.errors import LitesmithError
from litesmith.core.samples import SampleSet
from litesmith.core.worker_errors import WorkerClosed
from litesmith.evaluate.intervals import mean_interval
from litesmith.pipeline.calibration import Calibrated
from litesmith.pipeline.candidates import Candidates
from litesmith.pipeline.correction_plan import FINAL, FIRST, LEAST_SAMPLES, SCREENED, held_back, wanted_corrections
from litesmith.pipeline.float_model import FloatModel
from litesmith.pipeline.judging import Judge, Judged
from litesmith.pipeline.run import Run
from litesmith.quantize.correction import Moment, correction_named, correction_names
from litesmith.quantize.scheme import Interface, Scheme

_SURE = 1.0
"""Standard errors by which a gain has to exceed zero."""
_MODEL = "corrected.tflite"


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrections:
    """What was kept, and every trial."""

    kept: tuple[str, ...]
    trials: tuple[CorrectionTrial, ...]


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
        self.judge = Judge(run, model.path, samples=samples, rows=self.held)
        self.candidates = Candidates(
            run, model, calibrated, samples=samples, rows=self.fit, scheme=scheme, interface=interface, folder=folder
        )

    def go(self, names: Sequence[str]) -> Corrections:
        """Try corrections and leave the best model in the folder."""
        order = sorted(names, key=lambda name: name != FIRST)
        kept: tuple[str, ...] = ()
        trials = []
        with self.run.telling(f"correct {self.scheme.name}") as tell:
            best = self.judge.of(self.candidates.made((), samples=SCREENED)[0])
            for done, name in enumerate(order, start=1):
                trial, found = self._tried(name, kept, best)
                trials.append(trial)
                if trial.kept and found is not None:
                    kept, best = tuple(n for n in correction_names() if n in (*kept, name)), found
                tell(done, len(order) + 1)
            path, _ = self.candidates.made(kept, samples=FINAL)
            if kept and self.judge.of(path).gains_over(best).mean() < 0:  # more samples were no better here
                path, _ = self.candidates.made(kept, samples=SCREENED)
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
                tuple(n for n in correction_names() if n in (*kept, name)), samples=SCREENED
            )
            did = notes.get(name, "")
            if plugin.moment is not Moment.LAYER and not did:
                return replace(trial, reason="found nothing to change"), None
            found = self.judge.of(path)
        except WorkerClosed:
            raise
        except LitesmithError as error:
            return replace(trial, reason=f"could not be applied: {error.message}"), None
        gains = found.gains_over(best)
        mean, spread = float(gains.mean()), float(gains.std(ddof=1)) / len(gains) ** 0.5
        keep = mean > _SURE * spread or (plugin.simplifies and mean >= -_SURE * spread)
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
    if scheme.corrected_weights:  # activations have no ranges
        names = tuple(name for name in names if correction_named(name).moment is Moment.LAYER)
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
    kept = run.step("correct", key, Corrections, make, version=2)
    return (kept.folder / _MODEL if kept.value.kept else None), kept.value.trials
