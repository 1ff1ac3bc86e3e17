"""How the provoking models are written."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any


def saved_function(path: Path, body: Callable[..., Any], **inputs: tuple[list[int | None] | None, str]) -> Path:
    """Write a SavedModel of one function; `inputs` are name=(shape, dtype), its answer is `y`."""
    import tensorflow as tf

    module = tf.Module()
    specs = [tf.TensorSpec(shape, dtype, name=name) for name, (shape, dtype) in inputs.items()]
    module.serve = tf.function(lambda *tensors: {"y": body(*tensors)}, input_signature=specs, autograph=False)
    tf.saved_model.save(module, str(path), signatures={"serving_default": module.serve})
    return path


def exported(path: Path, body: Callable[[Any], Any], shape: tuple[int | None, ...], dtype: str = "float32") -> Path:
    """Write, as Keras exports it, a model whose layer `odd` of class `Odd` computes `body`."""
    import keras

    class Odd(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            return body(x)

    x = keras.Input(shape, dtype=dtype, name="x")
    keras.Model(x, Odd(name="odd")(x)).export(str(path), verbose=False)
    return path


def functional(
    path: Path, body: Callable[[Any], Any], shape: tuple[int | None, ...], dtype: str = "float32", name: str = "x"
) -> Path:
    """Write a Keras file whose graph is `body`."""
    import keras

    keras.utils.set_random_seed(7)
    x = keras.Input(shape, dtype=dtype, name=name)
    keras.Model(x, body(x)).save(str(path))
    return path


def small(keras: Any, path: Path, *layers: Any) -> Path:
    """Write, with Keras 2 or 3, `x` [4], some layers and a Dense `last`."""
    keras.utils.set_random_seed(7)
    keras.Sequential([keras.Input((4,), name="x"), *layers, keras.layers.Dense(2, name="last")]).save(str(path))
    return path


def edited(path: Path, change: Callable[[dict[str, Any], dict[str, Any]], None]) -> Path:
    """Change (config, metadata) of a .keras file."""
    whole = path.with_suffix(".whole")
    path.rename(whole)
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(path, "w") as new:
        config, metadata = json.loads(old.read("config.json")), json.loads(old.read("metadata.json"))
        change(config, metadata)
        new.writestr("config.json", json.dumps(config))
        new.writestr("metadata.json", json.dumps(metadata))
        new.writestr("model.weights.h5", old.read("model.weights.h5"))
    return path
