"""Agreement: the same class as the float model, right or wrong. Needs no labels."""

import numpy as np

from litesmith.evaluate.metric import Labels, Metric, Outputs, Scores, predicted


def score(outputs: Outputs, labels: Labels | None, reference: Outputs) -> Scores:
    """Return 1 where the predicted class is the float model's, else 0."""
    del labels
    hits: Scores = (predicted(outputs) == predicted(reference)).astype(np.float64)
    return hits


PLUGIN = Metric(
    name="agreement",
    summary="share of samples with the float model's top-1",
    unit="fraction",
    higher_is_better=True,
    proportion=True,
    needs_labels=False,
    needs_classes=True,
    relative=True,
    score=score,
)
