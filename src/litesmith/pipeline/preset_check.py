"""Notices a preprocessing that does not look like the model's: another preset gets clearly more samples right."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from litesmith.core.preprocessing import PRESETS, ColorOrder, Preprocessing
from litesmith.core.results import Finding, Severity
from litesmith.core.samples import SampleSet
from litesmith.evaluate.collect import answer
from litesmith.evaluate.intervals import mcnemar_exact
from litesmith.evaluate.metric import class_count, predicted
from litesmith.pipeline.datasets import subset
from litesmith.pipeline.float_model import FloatModel
from litesmith.pipeline.run import Run

_SAMPLES = 64
_OWN = "in use"
_LEAST_GAIN = 0.1
_P_VALUE = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class PresetFindings:
    """What the comparison of presets found."""

    findings: tuple[Finding, ...]


def check_preset(run: Run, model: FloatModel, samples: SampleSet) -> tuple[Finding, ...]:
    """Return a warning when another preset does better on up to 64 labelled samples, with a paired test.

    Only 8-bit samples are checked: floats in a dataset were prepared by the user.
    """
    entry = samples.inputs[0]
    if samples.labels is None or len(samples.inputs) != 1 or entry.dtype != "uint8" or not entry.normalized:
        return ()

    def make(folder: Path) -> PresetFindings:
        with run.telling("check the preprocessing"):
            return PresetFindings(findings=_compare(run, model, samples, folder))

    key = {"float": model.conversion.sha256, "samples": samples.digest, "output": run.settings.output}
    return run.step("check preprocessing", key, PresetFindings, make, version=1).value.findings


def _compare(run: Run, model: FloatModel, samples: SampleSet, folder: Path) -> tuple[Finding, ...]:
    rows = np.linspace(0, samples.count - 1, min(_SAMPLES, samples.count)).astype(int).tolist()
    chosen = subset(samples, sorted(set(rows)), folder)
    right = {name: _right(run, model, chosen, record, folder / name) for name, record in _rivals(chosen).items()}
    own = right.pop(_OWN)
    if own is None:
        return ()
    best_name, best = max(
        ((name, hits) for name, hits in right.items() if hits is not None), key=lambda pair: pair[1].sum()
    )
    gained, lost = int((best & ~own).sum()), int((own & ~best).sum())
    n = own.size
    if (gained - lost) / n < _LEAST_GAIN or mcnemar_exact(gained, lost) > _P_VALUE:
        return ()
    return (
        Finding(
            code="preprocessing-looks-wrong",
            severity=Severity.WARNING,
            message=(
                f"with preset '{samples.preprocessing.preset}' the float model gets {int(own.sum())} of {n} samples "
                f"right, with '{best_name}' {int(best.sum())} of {n}: the model was probably trained with '{best_name}'"
            ),
            hint=f"Try --preprocess {best_name}.",
        ),
    )


def _rivals(samples: SampleSet) -> dict[str, Preprocessing]:
    """Return the presets to try by name, and under its own name the record in use."""
    channels = samples.inputs[0].shape[-1] if len(samples.inputs[0].shape) == 3 else 1
    own = samples.preprocessing
    rivals = {
        name: replace(own, preset=name, scale=r.scale, offset=r.offset, color_order=r.color_order)
        for name, r in PRESETS.items()
        if name != own.preset and len(r.scale) in (1, channels) and len(r.offset) in (1, channels)
    }
    return {_OWN: own, **rivals}


def _right(
    run: Run, model: FloatModel, samples: SampleSet, record: Preprocessing, folder: Path
) -> npt.NDArray[np.bool_] | None:
    folder.mkdir(exist_ok=True)
    entry, path = samples.inputs[0], folder / "input_0.npy"
    stored = samples.raw()
    flipped = {record.color_order, samples.preprocessing.color_order} == {ColorOrder.RGB, ColorOrder.BGR}
    np.save(path, stored[..., ::-1] if flipped and entry.shape[-1] == 3 else stored)
    tried = replace(samples, preprocessing=record, inputs=(replace(entry, path=path),))
    values = answer(model.path, tried, pool=run.pool, folder=folder).values(run.settings.output)
    if class_count(values.shape) is None:
        return None
    hits: npt.NDArray[np.bool_] = predicted(np.asarray(values)) == np.asarray(samples.labels)
    return hits
