"""For models that compute in another precision: computes in float32.

TFLite has neither float16 nor float64 kernels for most operators, so a model of policy `mixed_float16` or `float64`
cannot be converted as it is. Variables in mixed precision are float32 already; those in float64 are rounded.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from litesmith.convert.rungs import wrapped
from litesmith.convert.rungs.rung import Draft, Rung
from litesmith.core.open_source import OpenModel

_HALF = ("float16", "bfloat16")


_DOUBLE = "float64"


def other_layers(model: OpenModel) -> list[Any]:
    """Return the layers that compute in float16, bfloat16 or float64."""
    if model.keras is None or not hasattr(model.keras, "_flatten_layers"):
        return []
    layers = model.keras._flatten_layers()  # the only list that holds layers inside layers
    return [layer for layer in layers if getattr(layer, "compute_dtype", None) in (*_HALF, _DOUBLE)]


def precision(model: OpenModel) -> str:
    """Return the coarsest type that the model computes in."""
    used = {layer.compute_dtype for layer in other_layers(model)}
    return next((name for name in ("bfloat16", "float16") if name in used), "float32")


@contextmanager
def _float32(layers: list[Any]) -> Iterator[None]:
    """Set the layers' policy to float32, and back again: the reference answers are those of the user's policy."""
    name = "dtype_policy" if hasattr(layers[0], "dtype_policy") and _keras_3(layers[0]) else "_dtype_policy"
    before = [getattr(layer, name) for layer in layers]
    try:
        for layer, policy in zip(layers, before, strict=True):
            made = type(policy)("float32")
            made._variable_dtype = policy.variable_dtype  # where it is another one, Keras casts what it reads
            setattr(layer, name, made)
        yield
    finally:
        for layer, policy in zip(layers, before, strict=True):
            setattr(layer, name, policy)


def _keras_3(layer: Any) -> bool:
    return any(base.__module__.startswith("keras.") for base in type(layer).__mro__)


def _run(model: OpenModel, folder: Path, batch: int | None) -> Draft:
    inputs = tuple(replace(spec, dtype="float32") if spec.dtype == _DOUBLE else spec for spec in model.inputs)
    with _float32(other_layers(model)):
        return wrapped.run(replace(model, inputs=inputs), folder, batch)


FULL_PRECISION = Rung(
    name="full_precision",
    title="computed in float32",
    why="The model computes in half or double precision, for which TFLite has few kernels; a phone needs neither.",
    applies=lambda model, batch: bool(other_layers(model)),  # noqa: ARG005 - a rung is asked with a batch too
    run=_run,
    cures=frozenset({"float64"}),
)
