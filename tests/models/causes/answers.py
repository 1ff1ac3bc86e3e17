"""Models that convert and then answer differently."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from causes.saving import exported, saved_function


def random_op(path: Path) -> Path:
    import tensorflow as tf

    return exported(path, lambda x: tf.nn.dropout(x, 0.5), (64,))


def cancelled(path: Path) -> Path:
    """Two sums of the same numbers less each other: what is left is rounding, which each library does its own way."""
    import tensorflow as tf

    def body(x: Any) -> Any:
        return tf.linalg.matmul(x, tf.ones([1000, 1])) - tf.reduce_sum(x, axis=1, keepdims=True)

    return exported(path, body, (1000,))


def dropout_in_training(path: Path) -> Path:
    import tf_keras

    x = tf_keras.Input((64,), name="x")
    tf_keras.Model(x, tf_keras.layers.Dropout(0.5, name="drop")(x, training=True)).save(str(path))
    return path


def gathered(path: Path) -> Path:
    import tensorflow as tf

    return saved_function(path, lambda x: tf.boolean_mask(x, x > 0), x=([2, 4], "float32"))


def asserted(path: Path) -> Path:
    import tensorflow as tf

    def body(x: Any) -> Any:
        with tf.control_dependencies([tf.debugging.assert_non_negative(x)]):
            return x * 2.0

    return exported(path, body, (4,))


def nan_weights(path: Path) -> Path:
    import keras

    x = keras.Input((4,), name="x")
    ruined = keras.layers.Dense(3, name="ruined", kernel_initializer=keras.initializers.Constant(float("nan")))
    keras.Model(x, ruined(x)).save(str(path))
    return path


def infinite_weights(path: Path) -> Path:
    import tensorflow as tf

    return exported(path, lambda x: x + tf.constant([float("inf"), float("-inf"), float("inf"), float("inf")]), (4,))
