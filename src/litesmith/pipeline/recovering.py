"""Recovery by training in a run: train, make int8 by the quantizer, and keep it if it is measurably better."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from litesmith.convert.session import Converter
from litesmith.core.conversion import Conversion
from litesmith.core.errors import LitesmithError, OutputError
from litesmith.core.recovery import Recovery
from litesmith.core.results import Status, Variant
from litesmith.core.samples import SampleSet
from litesmith.core.tensors import TensorSpec
from litesmith.evaluate.intervals import mean_interval
from litesmith.evaluate.metric import class_count, metric_named
from litesmith.pipeline.calibration import calibrate
from litesmith.pipeline.correction_plan import NONE
from litesmith.pipeline.datasets import kept_subset
from litesmith.pipeline.float_model import FloatModel
from litesmith.pipeline.opening import Prepared
from litesmith.pipeline.recoverable import SCHEME
from litesmith.pipeline.run import Run
from litesmith.pipeline.variants import REFERENCE, answers_of, build_one
from litesmith.quantize.input_range import byte_range
from litesmith.recover.judging import Judgement, judge
from litesmith.recover.process import Trained
from litesmith.recover.session import recovered
from litesmith.recover.split import LEAST, Split, split
from litesmith.recover.train import Schedule
from litesmith.runtime.feeding import match
from litesmith.sources.recognise import recognise

LABEL = f"{SCHEME}_recovered"
RANGES = "squared_error"
"""The calibrator whose rule the ranges in training follow too."""
_REOPENER = "litesmith.sources.keras_3:open_with_keras_3"
_MODEL, _FLOAT = "recovered.keras", "recovered.tflite"


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What one training gave, with its .tflite beside the record."""

    trained: Trained
    conversion: Conversion | None
    duration_s: float


def with_recovery(run: Run, prepared: Prepared, variants: Sequence[Variant]) -> tuple[list[Variant], Recovery | None]:
    """Return the variants, with `int8_recovered` after int8 where training was asked for and is kept, and the record.

    Raises:
        OutputError: the folder cannot be written.
    """
    if not run.settings.recover:
        return list(variants), None
    recovery, made = _recovery(run, prepared, variants)
    if made is None:
        (run.folder / f"variants/{LABEL}.tflite").unlink(missing_ok=True)  # of an earlier run, say
        return list(variants), recovery
    found = []
    for variant in variants:
        found += [variant, made] if variant.scheme == SCHEME else [variant]
    return found, recovery


def _recovery(run: Run, prepared: Prepared, variants: Sequence[Variant]) -> tuple[Recovery, Variant | None]:
    """Return the record, and the variant if it is kept."""
    samples = prepared.datasets.calibration
    plain = next(v for v in variants if v.scheme == SCHEME)
    record = Recovery(kept=False, reason="", seed=run.settings.seed)
    if plain.status is not Status.OK:
        return replace(record, reason=f"there is no {SCHEME} model to compare with: {plain.reason}"), None
    if samples is None or samples.count < LEAST:
        have = 0 if samples is None else samples.count
        return replace(record, reason=f"{have} calibration samples; training needs at least {LEAST}"), None
    parts = split(samples.count)
    record = replace(
        record, trained_on=len(parts.learning), chosen_on=len(parts.choosing), judged_on=len(parts.judging)
    )
    try:
        made, model = _trained(run, prepared.model, samples, parts)
        record = _with_course(record, made)
        if model is None:
            return replace(
                record, reason=f"no epoch lowered the loss on the {len(parts.choosing)} samples to choose by"
            ), None
        return _judged(run, prepared, plain, model, samples=samples, parts=parts, record=record)
    except OutputError:
        raise
    except LitesmithError as error:
        return replace(record, reason=error.message), None


def _with_course(record: Recovery, made: Made) -> Recovery:
    trained = made.trained
    return replace(
        record,
        epochs=len(trained.losses) - 1,
        best_epoch=trained.best_epoch,
        losses=trained.losses,
        folded=trained.folded,
        left_float=trained.left_float,
        actions=trained.actions,
        duration_s=made.duration_s,
    )


def _trained(run: Run, model: FloatModel, samples: SampleSet, parts: Split) -> tuple[Made, FloatModel | None]:
    """Return what training gave, and the float model it gave; None when no epoch was better than none."""
    settings = run.settings
    path = Path(settings.model)
    kind = recognise(path)
    ranges = _input_ranges(model.conversion.inputs, samples)
    schedule = Schedule(epochs=settings.recover_epochs, seconds=60 * settings.recover_minutes, seed=settings.seed)

    def make(folder: Path) -> Made:
        begun = time.perf_counter()
        with run.telling("recover by training") as tell:
            trained = recovered(
                opener=kind.opener,
                reopener=_REOPENER,
                path=path.absolute(),
                samples=replace(samples, labels=None, findings=()),
                split=parts,
                ranges=ranges,
                schedule=schedule,
                out=folder / _MODEL,
                on_progress=tell,
            )
        conversion = _converted(run, folder, model.conversion) if trained.best_epoch else None
        return Made(trained=trained, conversion=conversion, duration_s=time.perf_counter() - begun)

    key = {
        "source": model.source.sha256,
        "float": model.conversion.sha256,
        "samples": samples.digest,
        "ranges": ranges,
        "schedule": schedule,
    }
    kept = run.step("recover", key, Made, make, version=1)
    if kept.value.conversion is None:
        return kept.value, None
    return kept.value, replace(model, path=kept.folder / _FLOAT, conversion=kept.value.conversion)


def _converted(run: Run, folder: Path, like: Conversion) -> Conversion:
    """Convert the trained model and require that it takes and gives what the first one does.

    Raises:
        ConversionError: it cannot be converted.
        SourceError: its inputs or outputs have other names or shapes.
    """
    from litesmith.recover.tape import refused

    path = folder / _MODEL
    with Converter() as converter:
        converter.open(path, recognise(path))
        made = converter.convert(
            folder / _FLOAT, batch=run.settings.batch or -1, rung_timeout_s=run.settings.rung_timeout
        )
    for wanted, given in ((like.inputs, made.inputs), (like.outputs, made.outputs)):
        if _ends(wanted) != _ends(given):
            raise refused(f"the trained model has other inputs or outputs: {_ends(given)} instead of {_ends(wanted)}")
    return replace(made, file=_FLOAT)


def _ends(specs: Sequence[TensorSpec]) -> list[tuple[str, str, tuple[int, ...]]]:
    return [(spec.name, spec.dtype, spec.shape) for spec in specs]


def _input_ranges(inputs: Sequence[TensorSpec], samples: SampleSet) -> tuple[tuple[float, float] | None, ...]:
    """Return the range of each input that is fed from bytes, in the model's order; None for the others."""
    fed = [samples.inputs[position] for position in match(samples, inputs)]
    return tuple(
        byte_range(samples.preprocessing) if entry.dtype == "uint8" and entry.normalized else None for entry in fed
    )


def _judged(
    run: Run,
    prepared: Prepared,
    plain: Variant,
    model: FloatModel,
    *,
    samples: SampleSet,
    parts: Split,
    record: Recovery,
) -> tuple[Recovery, Variant | None]:
    """Return the record with the comparison, and the variant if it won; its file is gone if it did not."""
    seen, judges = (kept_subset(run, samples, rows) for rows in (parts.seen, parts.judging))
    file = run.folder / f"variants/{LABEL}.tflite"
    kept = False
    try:
        with _as_trained(run):
            calibrated = calibrate(run, model, seen, findings=())
            made = build_one(run, model, calibrated, SCHEME, label=LABEL)
        if made.status is not Status.OK:
            return replace(record, reason=f"no {SCHEME} model could be made of the trained one: {made.reason}"), None
        judgement = _compared(run, prepared.model, plain, made, judges)
        kept = judgement.kept
    finally:
        if not kept:
            file.unlink(missing_ok=True)
    record = replace(
        record,
        kept=kept,
        reason=judgement.reason,
        variant=LABEL if kept else "",
        measure=judgement.measure,
        before=judgement.before,
        after=judgement.after,
        difference=float(judgement.differences.mean()),
        difference_interval=mean_interval(judgement.differences),
        p_value=judgement.p_value,
    )
    return record, made if kept else None


@contextmanager
def _as_trained(run: Run) -> Iterator[None]:
    """Let a model be made the way it was trained for.

    The float weights of a trained model answer well in 8 bits only. What makes an int8 model nearer to its own float
    model, a choice among calibrators or a correction, would lead away from the answers it was trained to give.
    """
    before = run.settings
    run.settings = replace(before, calibrator=RANGES, corrections=(NONE,))
    try:
        yield
    finally:
        run.settings = before


def _compared(run: Run, model: FloatModel, plain: Variant, made: Variant, judges: SampleSet) -> Judgement:
    """Return the comparison of two variants with the original float model on samples kept apart."""
    output = run.settings.output
    reference = answers_of(run, REFERENCE, model.path, model.conversion.sha256, judges)
    real = np.asarray(reference.values(output))
    answers = [
        np.asarray(answers_of(run, v.scheme, run.folder / v.file, v.sha256, judges).values(output))
        for v in (plain, made)
    ]
    agreements = None
    if class_count(real.shape) is not None:
        first, second = (float(metric_named("agreement").score(values, None, real).mean()) for values in answers)
        agreements = (first, second)
    return judge(answers[0], answers[1], real, agreements=agreements)
