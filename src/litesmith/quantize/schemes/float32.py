"""The float model itself: the reference every other variant is compared to."""

from litesmith.quantize.scheme import Scheme

PLUGIN = Scheme(
    name="float32", summary="weights and activations in float32; the reference", recipe=None, promises=("float32",)
)
