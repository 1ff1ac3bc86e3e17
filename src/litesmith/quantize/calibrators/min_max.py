"""The true minimum and maximum: nothing saturates, and one outlier widens every step."""

from litesmith.quantize.activations import TensorStatistics
from litesmith.quantize.calibrator import Calibrator


def range_of(tensor: TensorStatistics, bits: int) -> tuple[float, float]:
    """Return the extremes that were seen; `bits` does not matter."""
    del bits
    return tensor.minimum, tensor.maximum


PLUGIN = Calibrator(name="min_max", summary="true minimum and maximum over all samples", range_of=range_of)
