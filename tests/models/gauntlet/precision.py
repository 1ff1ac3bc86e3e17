"""Models that do not compute in float32."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gauntlet.saving import function, keras_file, seeded


def _of_policy(folder: Path, policy: str, build: Any) -> Path:
    keras = seeded()
    before = keras.mixed_precision.dtype_policy()
    keras.mixed_precision.set_dtype_policy(policy)
    try:
        return keras_file(folder, build(keras))
    finally:
        keras.mixed_precision.set_dtype_policy(before)


def _cnn(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [keras.Input((32, 32, 3), name="image"), layers.Conv2D(8, 3), layers.BatchNormalization(), layers.ReLU(),
         layers.DepthwiseConv2D(3), layers.GlobalAveragePooling2D(), layers.Dense(4, dtype="float32", name="scores")]
    )  # fmt: skip


def _lstm(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential([keras.Input((12, 6), name="x"), layers.LSTM(8), layers.Dense(3, dtype="float32")])


def mixed_float16(folder: Path) -> Path:
    """A CNN of policy mixed_float16."""
    return _of_policy(folder, "mixed_float16", _cnn)


def mixed_float16_lstm(folder: Path) -> Path:
    """An LSTM of policy mixed_float16."""
    return _of_policy(folder, "mixed_float16", _lstm)


def mixed_bfloat16(folder: Path) -> Path:
    """A CNN of policy mixed_bfloat16."""
    return _of_policy(folder, "mixed_bfloat16", _cnn)


def all_float16(folder: Path) -> Path:
    """Weights and all in float16, output too."""

    def build(keras: Any) -> Any:
        layers = keras.layers
        return keras.Sequential([keras.Input((8,), name="x"), layers.Dense(8, activation="relu"), layers.Dense(3)])

    return _of_policy(folder, "float16", build)


def all_float64(folder: Path) -> Path:
    """Weights and all in float64, as numerical code often sets it."""

    def build(keras: Any) -> Any:
        layers = keras.layers
        return keras.Sequential([keras.Input((8,), name="x"), layers.Dense(8, activation="relu"), layers.Dense(3)])

    return _of_policy(folder, "float64", build)


def float64_inside(folder: Path) -> Path:
    """float32 in and out, and a step in float64 between."""
    import tensorflow as tf

    def body(x: Any) -> Any:
        return tf.cast(tf.reduce_sum(tf.cast(x, tf.float64) ** 2, axis=1), tf.float32)

    return function(folder, body, x=([None, 8], "float32"))


def keras_int8(folder: Path) -> Path:
    """Quantized by Keras itself (`model.quantize("int8")`)."""
    keras = seeded()
    model = keras.Sequential([keras.Input((8,), name="x"), keras.layers.Dense(4), keras.layers.Dense(3)])
    model.quantize("int8")
    return keras_file(folder, model)
