"""Shapes that TFLite cannot take."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from causes.saving import exported, functional, saved_function


def lstm(path: Path) -> Path:
    import keras

    return functional(path, keras.layers.LSTM(5, name="memory"), (6, 4))


def gru(path: Path) -> Path:
    import keras

    return functional(path, keras.layers.GRU(5, name="memory"), (6, 4))


def lstm_keras_2(path: Path) -> Path:
    import tf_keras as keras

    x = keras.Input((6, 4))
    keras.Model(x, keras.layers.LSTM(5, name="memory")(x)).save(str(path))
    return path


def stateful(path: Path) -> Path:
    import keras

    x = keras.Input((6, 4), batch_size=1)
    keras.Model(x, keras.layers.LSTM(5, stateful=True, name="memory")(x)).save(str(path))
    return path


def fixed_batch(path: Path) -> Path:
    import keras

    x = keras.Input((6,), batch_size=4, name="x")
    keras.Model(x, keras.layers.Dense(5, name="d")(x)).save(str(path))
    return path


def rank_9(path: Path) -> Path:
    import tensorflow as tf

    return exported(path, lambda x: tf.transpose(tf.reshape(x, [-1, *[2] * 8]), [0, 8, 7, 6, 5, 4, 3, 2, 1]), (256,))


def slice_rank_7(path: Path) -> Path:
    import tensorflow as tf

    return exported(path, lambda x: tf.reshape(x, [-1, *[2] * 6])[:, :1, :1, :, :1, :, :1], (64,))


def open_channels(path: Path) -> Path:
    import tensorflow as tf

    def body(x: Any, w: Any) -> Any:
        return tf.nn.conv2d(x, w, 1, "SAME")

    return saved_function(path, body, x=([None, 8, 8, None], "float32"), w=([None, 3, None, 2], "float32"))


def switch_case(path: Path) -> Path:
    import tensorflow as tf

    def body(x: Any) -> Any:
        return tf.switch_case(tf.cast(x[0, 0], tf.int32), [lambda: x, lambda: x * 2.0, lambda: x * 3.0])

    return exported(path, body, (4,))


def einsum_repeated(path: Path) -> Path:
    import tensorflow as tf

    return exported(path, lambda x: tf.einsum("bii->bi", x), (4, 4))


def new_axis(path: Path) -> Path:
    import tensorflow as tf

    return exported(path, lambda x: tf.broadcast_to(x[:, :, None], tf.concat([tf.shape(x), [3]], 0)), (None,))


def loop_gradient(path: Path) -> Path:
    import tensorflow as tf

    def body(x: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.while_loop(lambda i, v: i < 3, lambda i, v: (i + 1, v * v), [0, x])[1]
        return tape.gradient(y, x)

    return exported(path, body, (4,))


def pool_gradient(path: Path) -> Path:
    import tensorflow as tf

    def body(x: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.nn.max_pool2d(x, 2, 2, "SAME")
        return tape.gradient(y, x)

    return exported(path, body, (8, 8, 3))


def einsum_outer(path: Path) -> Path:
    import tensorflow as tf

    return exported(path, lambda x: tf.einsum("bi,bj,bk->bijk", x, x, x), (3,))


def tensor_array(path: Path) -> Path:
    return exported(path, _collected(None), (5, 4))


def tensor_array_open(path: Path) -> Path:
    return saved_function(path, _collected([None, 4]), x=([None, 5, 4], "float32"))


def _collected(element_shape: list[int | None] | None) -> Callable[[Any], Any]:
    """Return a recurrence over five steps that collects its states in a TensorArray."""
    import tensorflow as tf

    def body(x: Any) -> Any:
        def step(i: Any, state: Any, states: Any) -> Any:
            state = tf.tanh(state + x[:, i])
            return i + 1, state, states.write(i, state)

        states = tf.TensorArray(tf.float32, 5, element_shape=element_shape)
        *_, states = tf.while_loop(lambda i, *_: i < 5, step, [0, tf.zeros_like(x[:, 0]), states])
        return tf.transpose(states.stack(), [1, 0, 2])

    return body
