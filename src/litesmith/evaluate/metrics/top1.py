"""Top-1 accuracy: the first highest score is the label's."""

import numpy as np

from litesmith.evaluate.metric import Labels, Metric, Outputs, Scores, predicted


def score(outputs: Outputs, labels: Labels | None, reference: Outputs) -> Scores:
    """Return 1 where the predicted class is the label, else 0."""
    del reference
    assert labels is not None
    hits: Scores = (predicted(outputs) == labels).astype(np.float64)
    return hits


PLUGIN = Metric(
    name="top1",
    summary="share of samples whose highest score is the label's",
    unit="fraction",
    higher_is_better=True,
    proportion=True,
    needs_labels=True,
    needs_classes=True,
    relative=False,
    score=score,
)
