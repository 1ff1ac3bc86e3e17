"""Weights in int8, unpacked to float before use."""

from typing import Any

from litesmith.quantize.scheme import Scheme


def recipe() -> list[dict[str, Any]]:
    """Return the quantizer's recipe: int8 weights per channel, float compute."""
    from litert_quantizer import recipe as recipes

    return list(recipes.weight_only_wi8_afp32())


PLUGIN = Scheme(
    name="weight_only_int8", summary="int8 weights, float32 compute", recipe=recipe, promises=("weight-only",)
)
