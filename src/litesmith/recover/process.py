"""What runs in the TensorFlow process of a recovery: opens the source, trains its twin, writes it as a Keras model."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from litesmith.core.open_source import OpenModel
from litesmith.core.samples import SampleSet
from litesmith.recover.feed import Feed, feed_of
from litesmith.recover.fold import CONVOLUTIONS, Twin, twin_of
from litesmith.recover.points import points_of
from litesmith.recover.ranges import grids_of
from litesmith.recover.split import Split
from litesmith.recover.student import Student
from litesmith.recover.tape import Ref, Step, Tape, played, refused, structure_of, traced
from litesmith.recover.train import BATCH, Schedule, train

Progress = Callable[[int, int], None]
_CHECKED = 16
_TOLERANCE = 1e-4


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """What training gave; fields as in `core.recovery.Recovery`."""

    losses: tuple[float, ...]
    best_epoch: int
    folded: int
    left_float: tuple[str, ...]
    actions: tuple[str, ...]
    duration_s: float


def recover(
    *,
    opener: str,
    reopener: str,
    path: Path,
    samples: SampleSet,
    split: Split,
    ranges: Sequence[tuple[float, float] | None],
    schedule: Schedule,
    out: Path,
    progress: Progress | None = None,
) -> Trained:
    """Train a model to give its own answers with 8 bits and write it to `out`, a .keras file with float weights.

    Args:
        opener: `module:function` that opens the source as it is converted.
        reopener: The same, for a source that `opener` does not open with Keras 3.
        path: The source.
        samples: Calibration samples.
        split: Which of them may be used for what.
        ranges: Of the model's inputs, in its order; None is measured.
        schedule: How long to train.
        out: In a folder that the caller drops when this fails; not written when no epoch was better than none.
        progress: Told of batches.

    Raises:
        SourceError: the model is none that can be trained; the message says why.
        EvaluationError: training diverged.
    """
    import keras
    import tensorflow as tf

    begun = time.perf_counter()
    keras.utils.set_random_seed(schedule.seed)
    tf.config.experimental.enable_op_determinism()
    source = _called(opener, path)
    model = source if isinstance(source.keras, keras.Model) else _reopened(source, reopener, path)
    twin = twin_of(traced(model.keras))
    points = points_of(twin.tape)
    if not any(step.kind in CONVOLUTIONS for step in twin.tape.steps):
        raise refused(f"{path.name} has no convolution or dense layer, so there is nothing to train")
    feed = feed_of(samples, source.inputs)
    _require_equal(source, twin, feed, split)
    for step in twin.tape.steps:
        step.layer.trainable = step.kind in CONVOLUTIONS
    grids = grids_of(
        twin.tape, points, list(feed.batches(split.seen, BATCH)), count=len(split.seen), inputs=list(ranges)
    )
    student = Student(twin.tape, points, grids)
    course = train(student, points, feed, split, schedule, progress=progress)
    if course.best:
        _model(twin.tape, source, model.keras).save(str(out))
    return Trained(
        losses=course.losses,
        best_epoch=course.best,
        folded=len(twin.folded),
        left_float=points.left_float,
        actions=model.actions if model is not source else (),
        duration_s=time.perf_counter() - begun,
    )


def _called(opener: str, path: Path) -> OpenModel:
    module, function = opener.split(":")
    model: OpenModel = getattr(importlib.import_module(module), function)(path)
    return model


def _reopened(source: OpenModel, reopener: str, path: Path) -> OpenModel:
    """Return the source as Keras 3 opens it."""
    if source.keras is None:
        raise refused(f"{path.name} is no Keras model, so it has no layers to train")
    model = _called(reopener, path)
    return replace(model, actions=(*model.actions, "opened with Keras 3 for training; its answers were compared"))


def _require_equal(source: OpenModel, twin: Twin, feed: Feed, split: Split) -> None:
    """Check that the twin, not yet trained, answers as the source does.

    Raises:
        SourceError: it does not; the message has the difference.
    """
    import tensorflow as tf

    batch = [tf.constant(values) for values in feed.batch(split.learning[:_CHECKED])]
    values = played(twin.tape, batch)
    for index, spec, wanted in zip(twin.tape.outputs, source.outputs, source.call(batch), strict=True):
        real, made = np.asarray(wanted, np.float64), np.asarray(values[index], np.float64)
        worst = float(np.abs(real - made).max()) / max(float(np.abs(real).max()), 1e-12)
        if not worst <= _TOLERANCE:  # NaN is a difference too
            raise refused(
                f"taken apart for training, the model answers otherwise: output '{spec.name}' by {worst:.1e} of its "
                f"largest value, where {_TOLERANCE:.0e} is allowed"
            )


def _model(tape: Tape, source: OpenModel, keras_model: Any) -> Any:
    """Return the tape as a Keras model with the source's names, in the structure of the model it came from."""
    import keras

    shapes = [tuple(None if size < 0 else size for size in spec.shape) for spec in source.inputs]
    ends = [
        keras.Input(batch_shape=shape, dtype=spec.dtype, name=_plain(spec.name))
        for shape, spec in zip(shapes, source.inputs, strict=True)
    ]
    named = _named(tape, [_plain(spec.name) for spec in source.outputs])
    values = played(named, ends)
    takes, gives = structure_of(keras_model)
    return keras.Model(
        inputs=keras.tree.pack_sequence_as(takes, ends),
        outputs=keras.tree.pack_sequence_as(gives, [values[i] for i in named.outputs]),
    )


def _plain(name: str) -> str:
    return name.replace("/", "_")


def _named(tape: Tape, names: Sequence[str]) -> Tape:
    """Return the tape with a step of the wanted name at each output that has another."""
    import keras

    makers = {step.outputs[0]: step for step in tape.steps}
    steps, outputs, free = list(tape.steps), list(tape.outputs), tape.fresh()
    for place, name in enumerate(names):
        maker = makers.get(outputs[place])
        if maker is not None and maker.name == name and isinstance(maker.layer, keras.layers.Layer):
            continue
        layer = keras.layers.Activation("linear", name=name)
        steps.append(Step(layer=layer, args=(Ref(outputs[place]),), kwargs={}, outputs=(free,)))
        outputs[place], free = free, free + 1
    return replace(tape, steps=tuple(steps), outputs=tuple(outputs))
