"""Builders of models that the plain conversion refuses, each cured by one rung of the ladder or by none.

Used like `tiny_models`: by name, in a worker process.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tiny_models import save


def _keras(which: int) -> Any:
    if which == 2:
        import tf_keras

        return tf_keras
    import keras

    return keras


def save_recurrent(path: Path, what: str, which: int = 3, steps: int | None = 6) -> Path:
    """A sequence classifier, float32 [N, steps, 4] -> [N, 2]: `lstm`, `gru`, `bidirectional` (stacked) or `cells`."""
    keras = _keras(which)
    keras.utils.set_random_seed(7)
    layers = keras.layers
    middle = {
        "lstm": lambda: [layers.LSTM(5)],
        "gru": lambda: [layers.GRU(5)],
        "bidirectional": lambda: [
            layers.Bidirectional(layers.LSTM(5, return_sequences=True)),
            layers.Bidirectional(layers.GRU(3)),
        ],
        "cells": lambda: [layers.RNN([layers.LSTMCell(5), layers.GRUCell(3)])],
    }[what]()
    inputs = keras.Input((steps, 4), name="sequence")
    return save(keras.Sequential([inputs, *middle, layers.Dense(2, name="label")]), path, path.suffix[1:])


def save_stateful(path: Path) -> Path:
    """An LSTM that goes on from the call before."""
    keras = _keras(3)
    layers = [keras.Input((6, 4), batch_size=1), keras.layers.LSTM(5, stateful=True, name="memory")]
    return save(keras.Sequential(layers), path, "keras")


def save_bfloat16(path: Path) -> Path:
    """A small classifier of policy mixed_bfloat16: `x` [N, 4] -> [N, 3]."""
    keras = _keras(3)
    keras.utils.set_random_seed(7)
    before = keras.mixed_precision.dtype_policy()
    keras.mixed_precision.set_dtype_policy("mixed_bfloat16")
    try:
        layers = [keras.Input((4,), name="x"), keras.layers.Dense(8, activation="relu"), keras.layers.Dense(3)]
        return save(keras.Sequential(layers), path, "keras")
    finally:
        keras.mixed_precision.set_dtype_policy(before)


def save_open_size(path: Path) -> Path:
    """A crop of pictures of any size, which Keras 3 cannot trace: `image` [N, ?, ?, 3] -> [N, 8, 8, 3]."""
    keras = _keras(3)
    layers = [keras.Input((None, None, 3), name="image"), keras.layers.RandomCrop(8, 8)]
    return save(keras.Sequential(layers), path, "keras")


def save_inverse(path: Path) -> Path:
    """A Keras model with the operation `inv` between TFLite's own operators: `x` [N, 3, 3] -> [N, 3, 2]."""
    keras = _keras(3)
    keras.utils.set_random_seed(7)
    x = keras.Input((3, 3), name="x")
    eye = keras.ops.eye(3)
    steady = keras.layers.Dense(3, kernel_initializer="identity")(x) + 4.0 * eye
    inverse = keras.ops.inv(steady)
    return save(keras.Model(x, keras.layers.Dense(2, name="after")(inverse)), path, "keras")


def save_lookup(path: Path) -> Path:
    """A table that is not among the variables: `word` int64 [N, 4] -> [N, 4, 3]."""
    keras = _keras(3)
    keras.utils.set_random_seed(7)
    word = keras.Input((4,), dtype="int64", name="word")
    found = keras.layers.IntegerLookup(vocabulary=[3, 5, 9], name="look_up")(word)
    return save(keras.Model(word, keras.layers.Embedding(8, 3)(found)), path, "keras")


def save_keras_2(path: Path, what: str) -> Path:
    """A file of Keras 2 that Keras 3 refuses because of an attribute: `convolutions`, `recurrent` or `conv_lstm`."""
    keras = _keras(2)
    keras.utils.set_random_seed(7)
    layers = keras.layers
    if what == "convolutions":
        made = [
            keras.Input((8, 8, 3)),
            layers.DepthwiseConv2D(3),
            layers.SeparableConv2D(4, 3),
            layers.BatchNormalization(),
            layers.Conv2DTranspose(2, 3),
        ]
    elif what == "recurrent":
        made = [keras.Input((6, 4)), layers.Bidirectional(layers.LSTM(3, return_sequences=True)), layers.GRU(2)]
    else:
        made = [keras.Input((4, 8, 8, 3)), layers.ConvLSTM2D(2, 3)]
    return save(keras.Sequential(made), path, path.suffix[1:])
