"""Signal to quantization-noise ratio of the output against the float model, per sample, in dB."""

import numpy as np

from litesmith.evaluate.metric import Labels, Metric, Outputs, Scores

CEILING_DB = 140.0
"""Value for outputs that are equal; about the precision of float32."""


def score(outputs: Outputs, labels: Labels | None, reference: Outputs) -> Scores:
    """Return 10 log10(sum r**2 / sum (r - o)**2) of each sample, within 0 +- 140 dB."""
    del labels
    rows = len(outputs)
    real = reference.reshape(rows, -1).astype(np.float64)
    noise = real - outputs.reshape(rows, -1)
    signal_power, noise_power = (real**2).sum(axis=1), (noise**2).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = 10 * np.log10(signal_power / noise_power)
    ratio[noise_power == 0] = CEILING_DB
    limited: Scores = np.clip(np.nan_to_num(ratio, nan=-CEILING_DB), -CEILING_DB, CEILING_DB)
    return limited


PLUGIN = Metric(
    name="sqnr",
    summary="signal to quantization-noise ratio of the output against the float model",
    unit="dB",
    higher_is_better=True,
    proportion=False,
    needs_labels=False,
    needs_classes=False,
    relative=True,
    score=score,
)
