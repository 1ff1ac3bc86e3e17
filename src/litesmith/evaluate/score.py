"""From answers to an evaluation: values, intervals and paired differences."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from litesmith.core.errors import DatasetError, UserError
from litesmith.core.results import Evaluation, MetricValue
from litesmith.evaluate.collect import Answers
from litesmith.evaluate.intervals import mcnemar_exact, mean_interval, tango, wilson
from litesmith.evaluate.metric import (
    Labels,
    Metric,
    Outputs,
    Scores,
    applicable,
    class_count,
    metric_named,
)


def choose_metrics(primary: str, *, labelled: bool, shape: tuple[int, ...]) -> list[Metric]:
    """Return the metrics to compute, the primary first.

    Args:
        primary: A metric's name, or empty for the best one that applies.
        labelled: Whether the dataset has labels.
        shape: Of the output over all samples, [N, ...].

    Raises:
        UnknownNameError: no such metric.
        UserError: it does not apply to this dataset or output.
    """
    found = applicable(labelled=labelled, classes=class_count(shape))
    if not primary:
        return found
    wanted = metric_named(primary)
    if wanted.name not in [metric.name for metric in found]:
        names = ", ".join(metric.name for metric in found)
        why = "the dataset has no labels" if wanted.needs_labels and not labelled else f"the output is {list(shape)}"
        raise UserError(f"metric '{primary}' does not apply here: {why}", hint=f"Use one of {names}.")
    return [wanted, *(metric for metric in found if metric.name != wanted.name)]


def evaluate(
    answers: Answers, reference: Answers, *, labels: Sequence[int] | None, primary: str = "", output: int = 0
) -> Evaluation:
    """Return how right the answers are, and how they differ from the reference's on the same samples.

    Args:
        answers: The variant's.
        reference: The float model's; the same object for the float model itself.
        labels: Class of each sample, or None.
        primary: Metric for the headline; empty for the best that applies.
        output: Which output is scored.

    Raises:
        DatasetError: a label is no class of the output.
        UserError: the primary metric does not apply.
    """
    values, real = np.asarray(answers.values(output)), np.asarray(reference.values(output))
    truth = None if labels is None else np.asarray(labels, np.int64)
    classes = class_count(values.shape)
    if truth is not None and classes is not None:
        strange = truth[(truth < 0) | (truth >= classes)]
        if strange.size:
            raise DatasetError(
                f"label {strange[0]} is out of range: the model has {classes} classes, 0 to {classes - 1}",
                hint="Check that the dataset belongs to this model and that labels count from 0.",
            )
    metrics = choose_metrics(primary, labelled=truth is not None, shape=values.shape)
    found = [_value(metric, values, truth, real) for metric in metrics]
    head, lead = found[0], metrics[0]
    agreement = next((v.value for v in found if v.metric == "agreement"), None)
    difference, interval, p_value = _paired(lead, values, truth, real, itself=answers is reference)
    return Evaluation(
        metric=head.metric,
        value=head.value,
        unit=head.unit,
        higher_is_better=head.higher_is_better,
        n=head.n,
        interval=head.interval,
        agreement=agreement,
        difference=difference,
        difference_interval=interval,
        p_value=p_value,
        metrics=tuple(found),
        samples_per_s=answers.samples_per_s,
    )


def _value(metric: Metric, values: Outputs, labels: Labels | None, real: Outputs) -> MetricValue:
    scores = metric.score(values, labels, real)
    interval = wilson(int(scores.sum()), scores.size) if metric.proportion else mean_interval(scores)
    return MetricValue(
        metric=metric.name,
        value=float(scores.mean()),
        unit=metric.unit,
        higher_is_better=metric.higher_is_better,
        n=scores.size,
        interval=interval,
    )


def _paired(
    metric: Metric, values: Outputs, labels: Labels | None, real: Outputs, *, itself: bool
) -> tuple[float, tuple[float, float], float | None]:
    """Return (difference, its interval, p-value) of the variant to the reference on the same samples."""
    if itself:
        return 0.0, (0.0, 0.0), None
    own: Scores = metric.score(values, labels, real)
    theirs: Scores = metric.score(real, labels, real)
    if not metric.proportion:
        change = own - theirs
        return float(change.mean()), mean_interval(change), None
    gained, lost = int(((own == 1) & (theirs == 0)).sum()), int(((own == 0) & (theirs == 1)).sum())
    n = own.size
    return (gained - lost) / n, tango(gained, lost, n), mcnemar_exact(gained, lost)
