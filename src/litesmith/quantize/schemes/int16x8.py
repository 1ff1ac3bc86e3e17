"""Full integer with int16 activations and int8 weights."""

from typing import Any

from litesmith.quantize.scheme import Scheme


def recipe() -> list[dict[str, Any]]:
    """Return the quantizer's recipe: int8 weights per channel, symmetric int16 activations per tensor."""
    from litert_quantizer import recipe as recipes

    return list(recipes.static_wi8_ai16())


PLUGIN = Scheme(
    name="int16x8",
    summary="full integer: int8 weights, int16 activations; accurate, slow on most CPUs",
    recipe=recipe,
    activation_bits=16,
    integer=True,
    promises=("full-int16x8",),
)
