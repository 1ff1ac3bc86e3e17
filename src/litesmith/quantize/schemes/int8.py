"""Full integer: int8 weights and activations, from calibrated ranges."""

from typing import Any

from litesmith.quantize.scheme import Scheme


def recipe() -> list[dict[str, Any]]:
    """Return the quantizer's recipe: int8 weights per channel, int8 activations per tensor."""
    from litert_quantizer import recipe as recipes

    return list(recipes.static_wi8_ai8())


PLUGIN = Scheme(
    name="int8",
    summary="full integer: int8 weights and activations",
    recipe=recipe,
    activation_bits=8,
    integer=True,
    promises=("full-int8",),
)
