"""What `int8_accuracy.py` measures on: one float model, and samples prepared once, so that all tools see the same."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from litesmith.core.conversion import Conversion
from litesmith.core.errors import ConfigError
from litesmith.core.samples import SampleSet
from litesmith.core.tensors import TensorSpec
from litesmith.evaluate.metric import class_count
from litesmith.pipeline.datasets import prepared, require
from litesmith.pipeline.float_model import Conversions
from litesmith.pipeline.run import Run
from litesmith.pipeline.settings import Settings

OTHER = {"even": "odd", "odd": "even"}
PARTS = {"all": slice(None), "even": slice(0, None, 2), "odd": slice(1, None, 2)}
"""Which rows of the evaluation data to look at: develop on one half and look at the other once."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """What to measure on, as given on the command line.

    Attributes:
        model: .keras, .h5, SavedModel folder or float .tflite.
        data: Samples to evaluate on.
        calibration: Samples to calibrate on.
        preprocessing: Settings for both, such as preset, mean and std, as they are typed.
        crop: Of images of `data`.
        calibration_crop: Of images of `calibration`.
        samples: Most samples to evaluate on; 0 for all.
        calibration_samples: Most samples to calibrate on; 0 for all.
        part: A key of `PARTS`.
        seed: Of the choice that the two limits make.
    """

    model: str
    data: str
    calibration: str
    preprocessing: dict[str, Any]
    crop: float
    calibration_crop: float
    samples: int
    calibration_samples: int
    part: str
    seed: int


@dataclass(frozen=True, kw_only=True)
class Ready:
    """The float model and prepared samples, as files.

    Attributes:
        model: The original model.
        float_model: Its float32 .tflite, which every answer is compared with.
        evaluation: .npz of raw values at the model's size, and labels where there are any.
        calibration: The same for calibration.
        rest: The samples that `part` leaves out, for a search to choose by; None where it leaves out none.
        values: .npy of the calibration samples as the model takes them, float32 [N, ...].
        n: Samples to evaluate on.
        n_calibration: Samples to calibrate on.
    """

    model: Path
    float_model: Path
    evaluation: Path
    calibration: Path
    rest: Path | None
    values: Path
    n: int
    n_calibration: int


def get_ready(job: Job, folder: Path) -> Ready:
    """Convert the model, check the conversion, and write both sets of samples into `folder`.

    Raises:
        LitesmithError: the model or the samples cannot be used.
    """
    common = {**job.preprocessing, "seed": job.seed}
    settings = Settings(model=job.model, data=job.data, calibrate=job.calibration, crop=job.crop, **common)
    require(settings, calibrated=True)
    with Run(settings, folder=folder / "run") as run, Conversions(run) as conversions:
        model = conversions.convert()
        inputs, classes = one_input(model.conversion)
        evaluation = prepared(run, job.data, role="evaluation", inputs=inputs, classes=classes, limit=job.samples)
        other = replace(settings, crop=job.calibration_crop)
        with Run(other, folder=folder / "calibration-run") as second:
            calibration = prepared(
                second,
                job.calibration,
                role="calibration",
                inputs=inputs,
                classes=None,
                limit=job.calibration_samples,
            )
        model = conversions.check(model, calibration)
        values = folder / "calibration-values.npy"
        np.save(values, np.concatenate([batch[0] for batch in calibration.batches(0, calibration.count)]))
        every = range(evaluation.count)
        rows, other = every[PARTS[job.part]], OTHER.get(job.part)
        return Ready(
            model=Path(job.model),
            float_model=model.path,
            evaluation=save(evaluation, rows, folder / "evaluation.npz"),
            rest=None if other is None else save(evaluation, every[PARTS[other]], folder / "rest.npz"),
            calibration=save(calibration, range(calibration.count), folder / "calibration.npz"),
            values=values,
            n=len(rows),
            n_calibration=calibration.count,
        )


def one_input(conversion: Conversion) -> tuple[tuple[TensorSpec, ...], int | None]:
    """Return a model's inputs and its number of classes.

    Raises:
        ConfigError: it has several inputs, or its answers are no class scores.
    """
    if len(conversion.inputs) != 1:
        raise ConfigError(f"the model has {len(conversion.inputs)} inputs; this script feeds one")
    classes = class_count((1, *conversion.outputs[0].shape[1:]))
    if classes is None:
        raise ConfigError(f"output 0 has shape {list(conversion.outputs[0].shape)}, which are no class scores")
    return tuple(replace(spec, shape=(1, *spec.shape[1:])) for spec in conversion.inputs), classes


def save(samples: SampleSet, rows: range, path: Path) -> Path:
    """Write some rows of the samples as .npz, raw and at the model's size; return the path."""
    arrays: dict[str, Any] = {"x": np.asarray(samples.raw())[rows.start : rows.stop : rows.step]}
    if samples.labels is not None:
        arrays["y"] = np.asarray(samples.labels, np.int64)[rows.start : rows.stop : rows.step]
    np.savez(path, **arrays)
    return path
