"""The range from the 0.01th to the 99.99th percentile of the values.

The share that is cut is a constant of this file: a copy of it under another name, with another share, is another
calibrator. Percentiles of activations were compared with other ways of clipping by Wu et al., "Integer quantization for
deep learning inference: principles and empirical evaluation" (arXiv:2004.09602, 2020), where 99.99 did best for most
networks.

The tails are read from a histogram of some 130,000 elements: about 13 of them lie beyond each percentile, so the share
that is really cut is 0.01 % give or take a quarter of it. Within a bin, which is 1.6 to 3.1 % of the value wide, the
percentile is interpolated.
"""

import numpy as np

from litesmith.quantize.activations import TensorStatistics
from litesmith.quantize.calibrator import Calibrator

SHARE = 1e-4
"""What is cut at each end."""


def range_of(tensor: TensorStatistics, bits: int) -> tuple[float, float]:
    """Return the values below and above which `SHARE` of the elements lies, within the true extremes."""
    del bits
    lower, upper, weights = tensor.by_value()
    lower, upper = np.clip(lower, tensor.minimum, tensor.maximum), np.clip(upper, tensor.minimum, tensor.maximum)
    below, above = np.cumsum(weights), np.cumsum(weights[::-1])[::-1]
    first = min(int(np.searchsorted(below, SHARE)), len(weights) - 1)
    last = len(weights) - 1 - min(int(np.searchsorted(above[::-1], SHARE)), len(weights) - 1)
    into = (SHARE - (below[first] - weights[first])) / weights[first]
    back = (SHARE - (above[last] - weights[last])) / weights[last]
    return (
        float(lower[first] + np.clip(into, 0, 1) * (upper[first] - lower[first])),
        float(upper[last] - np.clip(back, 0, 1) * (upper[last] - lower[last])),
    )


PLUGIN = Calibrator(name="percentile", summary="leaves out one value in ten thousand at each end", range_of=range_of)
