"""A short quantization-aware distillation: the twin with 8 bits learns to answer as the float model does.

The float model is the teacher and answers every batch anew, so that no labels are needed and a flipped or shifted
image has its own answer (Hinton et al., "Distilling the Knowledge in a Neural Network", NIPS workshop 2014; Beyer et
al., "Knowledge Distillation: A Good Teacher is Patient and Consistent", CVPR 2022). The loss is the Kullback-Leibler
divergence for softmax outputs, the squared error over the teacher's variance for others.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from litesmith.core.errors import EvaluationError
from litesmith.recover.feed import Feed
from litesmith.recover.points import Points
from litesmith.recover.split import Split
from litesmith.recover.student import Student
from litesmith.recover.tape import Tape, played

BATCH = 16
LEARNING_RATE = 0.003
"""Integers that a weight moves per update, at the beginning."""
TEMPERATURE = 2.0
"""Divides what softmax is given, of teacher and student alike, so that unlikely classes teach too (Hinton et al.)."""
_MARGIN = 0.9
"""Share of the time left that the planned epochs may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """How long to train.

    Attributes:
        epochs: At most.
        seconds: At most, from the first batch on.
        seed: Of order and augmentation.
    """

    epochs: int
    seconds: float
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What training did.

    Attributes:
        losses: On the samples that choose the epoch: before training, then after each epoch.
        best: The epoch whose weights were kept; 0 is before training.
    """

    losses: tuple[float, ...]
    best: int


def train(
    student: Student,
    points: Points,
    feed: Feed,
    split: Split,
    schedule: Schedule,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> Course:
    """Train the student and leave in its layers the weights of the epoch that did best on the choosing samples.

    The learning rate falls along half a cosine to zero. When the first epoch shows that not all fit into the time,
    as many are planned as do.

    Args:
        student: Changed. The same steps computed in float are the teacher.
        points: Which outputs are probabilities.
        feed: Samples.
        split: Which of them to train on and to choose by.
        schedule: How long.
        progress: Told of (batches done, batches in all).

    Raises:
        EvaluationError: the loss is NaN or infinite.
    """
    import tensorflow as tf

    begun = time.monotonic()
    teacher, variables = student.tape, student.variables()
    rate = tf.Variable(LEARNING_RATE, dtype=tf.float32)
    adam = _Adam(variables)
    spread = _spread(teacher, points, feed, split.learning)

    @tf.function(reduce_retracing=True, autograph=False)  # type: ignore[untyped-decorator,unused-ignore]
    def learn(*tensors: Any) -> None:
        wanted = _answers(teacher, points, played(teacher, tensors))
        with tf.GradientTape() as tape:
            given = _answers(teacher, points, student.values(tensors))
            loss = tf.reduce_mean(_errors(wanted, given, points, spread))
        adam.apply(tape.gradient(loss, variables), rate)

    @tf.function(reduce_retracing=True, autograph=False)  # type: ignore[untyped-decorator,unused-ignore]
    def measure(*tensors: Any) -> Any:
        wanted = _answers(teacher, points, played(teacher, tensors))
        return _errors(wanted, _answers(teacher, points, student.values(tensors)), points, spread)

    def chosen() -> float:
        parts = [measure(*map(tf.constant, batch)).numpy() for batch in feed.batches(split.choosing, BATCH)]
        found = float(np.mean(np.concatenate(parts)))
        if not math.isfinite(found):
            raise EvaluationError("the distillation loss became NaN or infinite", hint="Leave --recover out.")
        return found

    random = np.random.default_rng(schedule.seed)
    rows = np.asarray(split.learning)
    per_epoch = -(-len(rows) // BATCH)
    planned, done = schedule.epochs, 0
    losses = [chosen()]
    best, kept = 0, [v.numpy() for v in variables]
    while len(losses) <= planned:
        started = time.monotonic()
        for part in np.array_split(random.permutation(rows), per_epoch):
            if time.monotonic() - begun > schedule.seconds:
                planned = 0  # an unfinished epoch does not count
                break
            rate.assign(LEARNING_RATE * 0.5 * (1 + math.cos(math.pi * done / (planned * per_epoch))))
            learn(*map(tf.constant, feed.batch(part.tolist(), random)))
            done += 1
            if progress is not None:
                progress(done, planned * per_epoch)
        else:
            losses.append(chosen())
            if losses[-1] < losses[best]:
                best, kept = len(losses) - 1, [v.numpy() for v in variables]
            if len(losses) == 2:
                left = schedule.seconds - (time.monotonic() - begun)
                planned = max(1, min(planned, 1 + int(_MARGIN * left / (time.monotonic() - started))))
    for variable, value in zip(variables, kept, strict=True):
        variable.assign(value)
    student.write()
    return Course(losses=tuple(losses), best=best)


class _Adam:
    """Adam (Kingma and Ba, ICLR 2015) whose learning rate is a variable."""

    def __init__(self, variables: Sequence[Any]) -> None:
        import tensorflow as tf

        self._variables = variables
        self._means = [tf.Variable(tf.zeros_like(v)) for v in variables]
        self._squares = [tf.Variable(tf.zeros_like(v)) for v in variables]
        self._count = tf.Variable(0.0)

    def apply(self, gradients: Sequence[Any], rate: Any) -> None:
        """Move the variables one step."""
        import tensorflow as tf

        self._count.assign_add(1.0)
        first, second = 1 - 0.9**self._count, 1 - 0.999**self._count
        for v, g, mean, square in zip(self._variables, gradients, self._means, self._squares, strict=True):
            if g is None:
                continue
            mean.assign(0.9 * mean + 0.1 * g)
            square.assign(0.999 * square + 0.001 * g * g)
            v.assign_sub(rate * (mean / first) / (tf.sqrt(square / second) + 1e-8))


def _answers(tape: Tape, points: Points, values: dict[int, Any]) -> list[Any]:
    """Return the outputs; of softmax, what it is given."""
    makers = {step.outputs[0]: step for step in tape.steps}
    return [
        values[makers[i].inputs[0] if softmax else i]
        for i, softmax in zip(tape.outputs, points.probabilities, strict=True)
    ]


def _errors(wanted: list[Any], given: list[Any], points: Points, spread: Sequence[float]) -> Any:
    """Return the error of each sample, float32 [B], summed over the outputs."""
    import tensorflow as tf

    total = 0.0
    for real, made, softmax, variance in zip(wanted, given, points.probabilities, spread, strict=True):
        if softmax:
            truth = tf.nn.log_softmax(real / TEMPERATURE)
            each = tf.exp(truth) * (truth - tf.nn.log_softmax(made / TEMPERATURE))
            flat = tf.reduce_sum(each, axis=-1)
        else:
            flat = tf.square(real - made) / variance
        total += tf.reduce_mean(tf.reshape(flat, [tf.shape(flat)[0], -1]), axis=1)
    return total


def _spread(tape: Tape, points: Points, feed: Feed, rows: Sequence[int]) -> list[float]:
    """Return the variance of each output over the samples, as the float model answers."""
    found: list[list[Any]] = [[] for _ in tape.outputs]
    for batch in feed.batches(rows, BATCH):
        for kept, values in zip(found, _answers(tape, points, played(tape, batch)), strict=True):
            kept.append(np.asarray(values))
    return [max(float(np.var(np.concatenate(values))), 1e-12) for values in found]
