"""Full integer with one scale per weight tensor, for hardware and runtimes that know no scale per channel."""

from typing import Any

from litesmith.quantize.scheme import Scheme


def recipe() -> list[dict[str, Any]]:
    """Return the quantizer's recipe: int8 weights and activations, both per tensor."""
    from litert_quantizer import qtyping, recipe_manager
    from litert_quantizer.qtyping import TFLOperationName

    manager = recipe_manager.RecipeManager()
    manager.add_static_config(
        regex=".*",
        operation_name=TFLOperationName.ALL_SUPPORTED,
        activation_num_bits=8,
        weight_num_bits=8,
        weight_granularity=qtyping.QuantGranularity.TENSORWISE,
    )
    return list(manager.get_quantization_recipe())


PLUGIN = Scheme(
    name="int8_per_tensor",
    summary="full integer with one scale per weight tensor, for targets without scales per channel",
    recipe=recipe,
    activation_bits=8,
    integer=True,
    per_tensor=True,
    promises=("full-int8",),
)
