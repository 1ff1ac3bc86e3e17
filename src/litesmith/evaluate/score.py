"""From answers to an evaluation: values, intervals and paired differences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from litesmith.core.errors import DatasetError, UserError
from litesmith.core.results import Evaluation, MetricValue
from litesmith.core.verdict import DEFAULT_MAX_DROP, Verdict
from litesmith.evaluate.collect import Answers
from litesmith.evaluate.intervals import fraction_interval, mcnemar_exact, mean_interval, tango, wilson
from litesmith.evaluate.metric import (
    Labels,
    Metric,
    Outputs,
    Scores,
    applicable,
    class_count,
    metric_named,
)
from litesmith.evaluate.verdict import of_counts, of_differences, require_margin


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
    answers: Answers,
    reference: Answers,
    *,
    labels: Sequence[int] | None,
    margin: float = DEFAULT_MAX_DROP,
    primary: str = "",
    output: int = 0,
) -> Evaluation:
    """Return how right the answers are, and how they differ from the reference's on the same samples.

    Args:
        answers: The variant's.
        reference: The float model's; the same object for the float model itself.
        labels: Class of each sample, or None.
        margin: Loss that the verdict accepts, a fraction.
        primary: Metric for the headline; empty for the best that applies.
        output: Which output is scored.

    Raises:
        ConfigError: the margin is negative, above 1 or no number.
        DatasetError: a label is no class of the output.
        UserError: the primary metric does not apply.
    """
    require_margin(margin)
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
    own, theirs = lead.score(values, truth, real), lead.score(real, truth, real)
    paired = _Paired() if answers is reference else _paired(lead, own, theirs, margin=margin)
    return Evaluation(
        metric=head.metric,
        value=head.value,
        unit=head.unit,
        higher_is_better=head.higher_is_better,
        n=head.n,
        interval=head.interval,
        agreement=agreement,
        difference=paired.difference,
        difference_interval=paired.interval,
        p_value=paired.p_value,
        metrics=tuple(found),
        samples_per_s=answers.samples_per_s,
        verdict=paired.verdict,
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Paired:
    """A difference to the reference on the same samples; as it stands, the reference's to itself."""

    difference: float = 0.0
    interval: tuple[float, float] = (0.0, 0.0)
    p_value: float | None = None
    verdict: Verdict | None = None


def _paired(metric: Metric, own: Scores, theirs: Scores, *, margin: float) -> _Paired:
    """Return the difference of a variant's scores to the reference's, each float64 [N]."""
    change = own - theirs
    better = change if metric.higher_is_better else -change
    if not metric.proportion:
        return _paired_means(metric, change, better, margin=margin)
    gained, lost = int((better > 0).sum()), int((better < 0).sum())
    more, fewer = (gained, lost) if metric.higher_is_better else (lost, gained)
    return _Paired(
        difference=(more - fewer) / own.size,
        interval=tango(more, fewer, own.size),
        p_value=mcnemar_exact(gained, lost),
        verdict=of_counts(gained, lost, own.size, margin=margin),
    )


def _paired_means(metric: Metric, change: Scores, better: Scores, *, margin: float) -> _Paired:
    """Return the difference of means; a margin makes sense for fractions only, and only where every score is one."""
    if metric.unit != "fraction" or not bool(np.all(np.abs(change) <= 1)):
        return _Paired(difference=float(change.mean()), interval=mean_interval(change))
    return _Paired(
        difference=float(change.mean()),
        interval=fraction_interval(change),
        verdict=of_differences(better, margin=margin),
    )
