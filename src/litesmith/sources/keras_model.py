"""A Keras model, of Keras 2 or 3, as an `OpenModel`: names, shapes and one call over flat lists of tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from litesmith.core.open_source import OpenModel
from litesmith.core.tensors import TensorSpec
from litesmith.sources.refused import refused


def describe(model: Any, *, path: Path, framework: str, keras_2: bool) -> OpenModel:
    """Return the opened model with the user's names: the keys of dicts, else the names of inputs and output layers.

    Raises:
        SourceError: the model has no declared inputs (a subclassed model, or a Sequential without an input shape).
    """
    import tensorflow as tf

    functional = getattr(model, "_functional", None) or model
    prefix = "_nested_" if keras_2 else "_"
    suffix = "" if keras_2 else "_struct"
    if not getattr(model, "inputs", None) or not getattr(model, "outputs", None):
        raise refused(
            f"{path} is a {type(model).__name__} whose input shape is not known",
            hint="Call it once on data and model.export('folder'), then give Litesmith that folder.",
        )
    takes = getattr(functional, f"{prefix}inputs{suffix}", list(model.inputs))
    gives = getattr(functional, f"{prefix}outputs{suffix}", list(model.outputs))
    inputs = tf.nest.flatten(takes)
    outputs = tf.nest.flatten(gives)

    def call(tensors: Sequence[Any]) -> list[Any]:
        answers = tf.nest.flatten(model(tf.nest.pack_sequence_as(takes, list(tensors)), training=False))
        return list(answers)

    input_names = _leaf_names(takes, [_plain(t.name) for t in inputs])
    output_names = _leaf_names(
        gives, list(getattr(functional, "output_names", [])) or [_plain(t.name) for t in outputs]
    )
    return OpenModel(
        path=path,
        framework=framework,
        actions=(),
        inputs=tuple(_spec(n, t) for n, t in zip(input_names, inputs, strict=True)),
        outputs=tuple(_spec(n, t) for n, t in zip(output_names, outputs, strict=True)),
        call=call,
        tracked=tuple(getattr(v, "value", v) if not keras_2 else v for v in model.variables),
        keras=model,
    )


def _plain(name: str) -> str:
    return name.partition(":")[0]


def _leaf_names(structure: Any, names: Sequence[str]) -> list[str]:
    """Return one name per leaf, in TensorFlow's flattening order (dicts by sorted key), all different."""
    paths = _paths(structure)
    found = ["/".join(path) for path in paths] if _has_keys(structure) else list(names)
    result: list[str] = []
    for name in found:
        count = 1
        unique = name
        while unique in result:
            unique = f"{name}_{count}"
            count += 1
        result.append(unique)
    return result


def _has_keys(structure: Any) -> bool:
    if isinstance(structure, Mapping):
        return True
    return isinstance(structure, (list, tuple)) and any(_has_keys(item) for item in structure)


def _paths(structure: Any) -> list[tuple[str, ...]]:
    if isinstance(structure, Mapping):
        return [(str(key), *rest) for key in sorted(structure) for rest in _paths(structure[key])]
    if isinstance(structure, (list, tuple)):
        return [(str(i), *rest) for i, item in enumerate(structure) for rest in _paths(item)]
    return [()]


def _spec(name: str, tensor: Any) -> TensorSpec:
    dtype = tensor.dtype if isinstance(tensor.dtype, str) else tensor.dtype.name
    shape = tuple(-1 if size is None else int(size) for size in tensor.shape)
    return TensorSpec(name=name, dtype=dtype, shape=shape)
