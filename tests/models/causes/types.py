"""Data types, text, tables and variables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from causes.saving import exported, functional, saved_function


def text_vectorization(path: Path) -> Path:
    import keras

    x = keras.Input((1,), dtype="string", name="text")
    layer = keras.layers.TextVectorization(vocabulary=["a", "b"], output_sequence_length=3, name="words")
    keras.Model(x, keras.layers.Embedding(5, 2)(layer(x))).save(str(path))
    return path


def string_output(path: Path) -> Path:
    import tensorflow as tf

    return saved_function(path, tf.strings.as_string, x=([None, 3], "float32"))


def text_inside(path: Path) -> Path:
    import tensorflow as tf

    return exported(path, lambda x: tf.strings.length(tf.strings.as_string(x)), (4,))


def integer_lookup(path: Path) -> Path:
    import keras

    return functional(path, keras.layers.IntegerLookup(vocabulary=[3, 5], name="ids"), (4,), "int64")


def static_table(path: Path) -> Path:
    import tensorflow as tf

    module = tf.Module()
    entries = tf.lookup.KeyValueTensorInitializer(tf.constant([1, 2], tf.int64), tf.constant([4, 5], tf.int64))
    module.table = tf.lookup.StaticHashTable(entries, 0)
    module.serve = tf.function(
        lambda x: {"y": module.table.lookup(x)}, input_signature=[tf.TensorSpec([None, 3], tf.int64, name="x")]
    )
    tf.saved_model.save(module, str(path), signatures={"serving_default": module.serve})
    return path


def layer_with_table(path: Path) -> Path:
    import keras
    import tensorflow as tf

    class Looked(keras.layers.Layer):
        def __init__(self) -> None:
            super().__init__(name="looked")
            entries = tf.lookup.KeyValueTensorInitializer(tf.constant([1, 2], tf.int64), tf.constant([4, 5], tf.int64))
            self.table = tf.lookup.StaticHashTable(entries, 0)

        def call(self, x: Any) -> Any:
            return self.table.lookup(x)

    x = keras.Input((3,), dtype="int64", name="x")
    keras.Model(x, Looked()(x)).export(str(path), verbose=False)
    return path


def complex_math(path: Path) -> Path:
    import tensorflow as tf

    return exported(path, lambda x: tf.math.real(tf.complex(x, x) * tf.complex(x, x)), (4,))


def complex128(path: Path) -> Path:
    import tensorflow as tf

    return exported(path, lambda x: tf.math.real(tf.signal.ifft(tf.cast(x, tf.complex128))), (4,))


def float64(path: Path) -> Path:
    import keras

    x = keras.Input((4,), dtype="float64", name="x")
    keras.Model(x, keras.layers.Dense(3, dtype="float64", name="exact")(x)).save(str(path))
    return path


def float64_inside(path: Path) -> Path:
    import tensorflow as tf

    return exported(path, lambda x: tf.cast(tf.exp(tf.cast(x, tf.float64)), tf.float32), (4,))


def float16(path: Path) -> Path:
    import keras

    x = keras.Input((4,), dtype="float16", name="x")
    keras.Model(x, keras.layers.Dense(3, dtype="float16", name="half")(x)).save(str(path))
    return path


def bfloat16_inside(path: Path) -> Path:
    import tensorflow as tf

    return exported(path, lambda x: tf.cast(tf.exp(tf.cast(x, tf.bfloat16)), tf.float32), (4,))


def uint16(path: Path) -> Path:
    import tensorflow as tf

    return saved_function(path, lambda x: x + tf.constant(2, tf.uint16), x=([None, 3], "uint16"))


def int64_matmul(path: Path) -> Path:
    import tensorflow as tf

    return saved_function(path, lambda x: tf.matmul(x, tf.ones([3, 2], tf.int64)), x=([None, 3], "int64"))


def string_lookup(path: Path) -> Path:
    import keras

    return functional(path, keras.layers.StringLookup(vocabulary=["a", "b"], name="ids"), (1,), "string", name="text")
