"""How the gauntlet's models are written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

SAMPLES = "samples.npz"


def seeded() -> Any:
    """Return Keras, with every random number from now on the same in each run."""
    import keras

    keras.utils.set_random_seed(7)
    return keras


def keras_file(folder: Path, model: Any, name: str = "model.keras") -> Path:
    """Write a Keras model as one file, of the kind its name says."""
    model.save(str(folder / name))
    return folder / name


def exported(folder: Path, model: Any) -> Path:
    """Write a Keras 3 model as the SavedModel that `model.export` makes."""
    path = folder / "exported"
    model.export(str(path), verbose=False)
    return path


def samples(folder: Path, **arrays: Any) -> None:
    """Write what the model is to be compared on, where random values from -1 to 1 would say little."""
    import numpy as np

    np.savez(folder / SAMPLES, **arrays)


def integers(count: int, *shape: int, dtype: str = "int32") -> Any:
    """Return eight samples of whole numbers below `count`."""
    import numpy as np

    return np.random.default_rng(7).integers(0, count, (8, *shape)).astype(dtype)


def chain(folder: Path, shape: tuple[int | None, ...], *layers: Any, dtype: str = "float32") -> Path:
    """Write a Keras 3 model of layers one after the other."""
    import keras

    return keras_file(folder, keras.Sequential([keras.Input(shape, dtype=dtype, name="x"), *layers]))


def function(
    folder: Path, body: Callable[..., Any], tracked: Any = None, **inputs: tuple[list[int | None] | None, str]
) -> Path:
    """Write a SavedModel of one function, whose inputs are name=(shape, dtype) and whose answer is `y`.

    Args:
        folder: Where to.
        body: The function.
        tracked: A model or layer whose variables it uses.
        inputs: In their order.
    """
    import tensorflow as tf

    tf.random.set_seed(7)
    path, module = folder / "saved", tf.Module()
    module.tracked = tracked
    specs = [tf.TensorSpec(shape, dtype, name=name) for name, (shape, dtype) in inputs.items()]
    module.serve = tf.function(lambda *tensors: {"y": body(*tensors)}, input_signature=specs)
    tf.saved_model.save(module, str(path), signatures={"serving_default": module.serve})
    return path
