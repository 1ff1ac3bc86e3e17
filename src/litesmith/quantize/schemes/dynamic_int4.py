"""Weights in int4; activations quantized on the fly where the kernel can."""

from typing import Any

from litesmith.quantize.scheme import Scheme


def recipe() -> list[dict[str, Any]]:
    """Return the quantizer's recipe: int4 weights per channel, integer compute."""
    from litert_quantizer import recipe as recipes

    return list(recipes.dynamic_wi4_afp32())


PLUGIN = Scheme(
    name="dynamic_int4",
    summary="int4 weights where the ops allow it, activations quantized at run time",
    recipe=recipe,
    corrected_weights=True,
    promises=("dynamic-range",),
)
