"""The mean of the samples' minima and the mean of their maxima.

Training with quantization follows ranges by an exponential moving average of the minima and maxima of batches (Jacob
et al., "Quantization and training of neural networks for efficient integer-arithmetic-only inference", CVPR 2018,
section 3.1), and some tools calibrate with it as well. That average depends on the order of the samples: the last ones
weigh most, and one outlier among them moves it. This is its form without an order: all samples weigh the same, as in
the expectation of the moving average when the samples come in random order.
"""

from litesmith.quantize.activations import TensorStatistics
from litesmith.quantize.calibrator import Calibrator


def range_of(tensor: TensorStatistics, bits: int) -> tuple[float, float]:
    """Return the mean of the samples' minima and of their maxima; `bits` does not matter."""
    del bits
    return tensor.mean_minimum, tensor.mean_maximum


PLUGIN = Calibrator(
    name="moving_average", summary="mean over samples of their minima and of their maxima", range_of=range_of
)
