"""Weights in float16, computed in float32 (or float16 on a GPU)."""

from typing import Any

from litesmith.quantize.scheme import Scheme


def recipe() -> list[dict[str, Any]]:
    """Return the quantizer's recipe: every supported weight cast to float16."""
    from litert_quantizer import qtyping, recipe_manager
    from litert_quantizer.quantizer import AlgorithmName

    manager = recipe_manager.RecipeManager()
    manager.add_quantization_config(
        ".*",
        qtyping.TFLOperationName.ALL_SUPPORTED,
        qtyping.OpQuantizationConfig(
            weight_tensor_config=qtyping.TensorQuantizationConfig(num_bits=16, dtype=qtyping.TensorDataType.FLOAT),
            compute_precision=qtyping.ComputePrecision.FLOAT,
            explicit_dequantize=True,
        ),
        AlgorithmName.FLOAT_CASTING,
    )
    return list(manager.get_quantization_recipe())


PLUGIN = Scheme(
    name="float16",
    summary="weights in float16, half the size, next to no loss",
    recipe=recipe,
    promises=("float16-weights",),
)
