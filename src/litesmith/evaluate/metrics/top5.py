"""Top-5 accuracy. Equal scores rank by class index, as a stable sort on the device would."""

import numpy as np

from litesmith.evaluate.metric import Labels, Metric, Outputs, Scores


def score(outputs: Outputs, labels: Labels | None, reference: Outputs) -> Scores:
    """Return 1 where fewer than five classes rank before the label, else 0."""
    del reference
    assert labels is not None
    own = np.take_along_axis(outputs, labels[:, None], axis=1)
    earlier = np.arange(outputs.shape[1])[None] < labels[:, None]
    before = (outputs > own) | ((outputs == own) & earlier)
    hits: Scores = (before.sum(axis=1) < 5).astype(np.float64)
    return hits


PLUGIN = Metric(
    name="top5",
    summary="share of samples with the label among the five highest scores",
    unit="fraction",
    higher_is_better=True,
    proportion=True,
    needs_labels=True,
    needs_classes=True,
    relative=False,
    score=score,
)
