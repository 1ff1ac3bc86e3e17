"""What a metric is: a score for each sample, so that variants can be compared sample by sample."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from litesmith.core.registry import load_plugin, load_plugins

PACKAGE = "litesmith.evaluate.metrics"
Outputs = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]
Scores = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A score per sample.

    Attributes:
        name: File name of the plugin.
        summary: One line for people.
        unit: `fraction`, `dB`, ...
        higher_is_better: The direction of better.
        proportion: Whether each score is 0 or 1, so that the intervals for proportions apply.
        needs_labels: Whether it needs the dataset's labels.
        needs_classes: Whether outputs must be class scores [N, C].
        relative: Whether it compares with the float model, so that the float model itself has no score of its own.
        score: Takes outputs [N, ...], labels [N] or None and the float model's outputs [N, ...]; returns float64 [N].
    """

    name: str
    summary: str
    unit: str
    higher_is_better: bool
    proportion: bool
    needs_labels: bool
    needs_classes: bool
    relative: bool
    score: Callable[[Outputs, Labels | None, Outputs], Scores]


def metric_named(name: str) -> Metric:
    """Return a metric.

    Raises:
        UnknownNameError: no such metric.
    """
    metric: Metric = load_plugin(PACKAGE, name, kind="metric")
    return metric


def applicable(*, labelled: bool, classes: int | None) -> list[Metric]:
    """Return the metrics that a dataset and an output allow, the best primary first.

    With labels and class scores that is top-1; with class scores alone, agreement with the float model; else the
    signal to noise ratio against it.
    """
    order = {"top1": 0, "agreement": 1, "sqnr": 2}
    found = [
        metric
        for metric in load_plugins(PACKAGE, kind="metric").values()
        if (labelled or not metric.needs_labels)
        and (classes is not None or not metric.needs_classes)
        and not (metric.name == "top5" and (classes or 0) <= 5)
    ]
    return sorted(found, key=lambda metric: (order.get(metric.name, len(order)), metric.name))


def class_count(shape: tuple[int, ...]) -> int | None:
    """Return the number of classes of an output [N, C]; 2 for one score per sample; None for other shapes."""
    if len(shape) == 1:
        return 2
    if len(shape) != 2:
        return None
    return 2 if shape[1] == 1 else shape[1]


def predicted(outputs: Outputs) -> Labels:
    """Return the class of each sample: the first highest score, or, for one score, whether it exceeds one half."""
    if outputs.ndim == 1 or outputs.shape[1] == 1:
        found: Labels = (outputs.reshape(len(outputs)) > 0.5).astype(np.int64)
    else:
        found = np.argmax(outputs, axis=1).astype(np.int64)
    return found
