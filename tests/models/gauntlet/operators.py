"""Operators that TFLite has, has in part, or does not have."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gauntlet.saving import exported, function, integers, keras_file, samples, seeded

ROW = ([None, 8], "float32")


def _layer(folder: Path, body: Any, shape: tuple[int | None, ...] = (8,), name: str = "odd") -> Path:
    """Write, as Keras exports it, a model with a layer of the user's between two Dense layers."""
    keras = seeded()

    class Odd(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            return body(x)

    x = keras.Input(shape, name="x")
    y = Odd(name=name)(keras.layers.Dense(8, name="first")(x))
    return exported(folder, keras.Model(x, y))


def unique(folder: Path) -> Path:
    """`tf.unique`: the distinct values, as many as there are."""
    import tensorflow as tf

    samples(folder, x=integers(5, 12))
    return function(folder, lambda x: tf.unique(tf.reshape(x, [-1]))[0], x=([1, 12], "int32"))


def where_one_argument(folder: Path) -> Path:
    """`tf.where` with one argument: the places of positive values, as many as there are."""
    import tensorflow as tf

    return function(folder, lambda x: tf.where(x > 0), x=([1, 8], "float32"))


def gather_nd(folder: Path) -> Path:
    """`tf.gather_nd`: features picked by index."""
    import tensorflow as tf

    def body(x: Any) -> Any:
        return tf.gather_nd(x, tf.tile([[[1], [0], [3]]], [tf.shape(x)[0], 1, 1]), batch_dims=1)

    return _layer(folder, body)


def stft(folder: Path) -> Path:
    """The magnitudes of a short-time Fourier transform, of one sound."""
    import tensorflow as tf

    def body(sound: Any) -> Any:
        return tf.abs(tf.signal.stft(sound, frame_length=64, frame_step=32, fft_length=64))

    return function(folder, body, sound=([1, 512], "float32"))


def mel_frontend(folder: Path) -> Path:
    """STFT, mel filters and logarithm in front of a Dense layer, of a batch of sounds."""
    keras = seeded()
    import tensorflow as tf

    dense = keras.layers.Dense(3)
    dense.build((None, 16))

    def body(sound: Any) -> Any:
        power = tf.square(tf.abs(tf.signal.stft(sound, frame_length=64, frame_step=32, fft_length=64)))
        mel = tf.tensordot(power, tf.signal.linear_to_mel_weight_matrix(16, 33, 8000, 80.0, 3800.0), 1)
        return dense(tf.reduce_mean(tf.math.log(mel + 1e-6), axis=1))

    return function(folder, body, dense, sound=([None, 512], "float32"))


def sine(folder: Path) -> Path:
    """tf.sin between two Dense layers."""
    import tensorflow as tf

    return _layer(folder, tf.sin)


def einsum(folder: Path) -> Path:
    """A product of matrices with batch and heads, written as einsum; and keras.layers.EinsumDense."""
    keras = seeded()
    layers, ops = keras.layers, keras.ops
    x = keras.Input((6, 8), name="x")
    wide = layers.EinsumDense("abc,cde->abde", output_shape=(None, 2, 4), bias_axes="de")(x)
    return keras_file(folder, keras.Model(x, ops.einsum("aecd,abcd->acbe", wide, wide)))


def einsum_odd(folder: Path) -> Path:
    """An einsum of three factors with a repeated sum, which is no product of matrices."""
    import tensorflow as tf

    return function(folder, lambda x, y: tf.einsum("bi,bj,bk->bijk", x, y, x), x=([1, 3], "float32"),
                    y=([1, 4], "float32"))  # fmt: skip


def erf_and_gelu(folder: Path) -> Path:
    """tf.math.erf and the exact GELU."""
    import tensorflow as tf

    return _layer(folder, lambda x: tf.math.erf(x) + tf.nn.gelu(x, approximate=False))


def lgamma(folder: Path) -> Path:
    """`tf.math.lgamma`, which TensorFlow makes of simpler operators."""
    import tensorflow as tf

    return _layer(folder, lambda x: tf.math.lgamma(tf.abs(x) + 1.0))


def top_k(folder: Path) -> Path:
    """tf.math.top_k."""
    import tensorflow as tf

    return _layer(folder, lambda x: tf.math.top_k(x, 3).values)


def cumulative_sum(folder: Path) -> Path:
    """tf.sort and a cumulative sum from the end."""
    import tensorflow as tf

    return _layer(folder, lambda x: tf.cumsum(tf.sort(x, axis=1), axis=1, reverse=True))


def inverse(folder: Path) -> Path:
    """Matrices inverted (`tf.linalg.inv`)."""
    import tensorflow as tf

    def body(x: Any) -> Any:
        return tf.linalg.inv(tf.matmul(x, x, transpose_b=True) + tf.eye(3))

    return function(folder, body, x=([None, 3, 3], "float32"))


def svd(folder: Path) -> Path:
    """A singular value decomposition."""
    import tensorflow as tf

    return _layer(folder, lambda x: tf.linalg.svd(tf.reshape(x, [-1, 4, 2]), compute_uv=False), name="factors")


def complex_numbers(folder: Path) -> Path:
    """A two-dimensional Fourier transform and the phase of it."""
    import tensorflow as tf

    def body(x: Any) -> Any:
        return tf.math.angle(tf.signal.fft2d(tf.cast(x, tf.complex64)))

    return function(folder, body, x=([1, 8, 8], "float32"))


def while_loop(folder: Path) -> Path:
    """A loop whose number of rounds depends on the data."""
    import tensorflow as tf

    def body(x: Any) -> Any:
        return tf.while_loop(lambda v: tf.reduce_sum(tf.abs(v)) > 1.0, lambda v: [v * 0.5], [x])[0]

    return function(folder, body, x=([1, 8], "float32"))


def condition(folder: Path) -> Path:
    """tf.cond on the data."""
    import tensorflow as tf

    def body(x: Any) -> Any:
        return tf.cond(tf.reduce_sum(x) > 0, lambda: x * 2.0, lambda: x - 1.0)

    return function(folder, body, x=([1, 8], "float32"))


def tensor_array(folder: Path) -> Path:
    """Steps collected in a TensorArray, as hand-written recurrences do."""
    import tensorflow as tf

    def body(x: Any) -> Any:
        steps = tf.TensorArray(tf.float32, 5)
        state = tf.zeros_like(x[:, 0])
        for i in tf.range(5):
            state = tf.tanh(state + x[:, i])
            steps = steps.write(i, state)
        return tf.transpose(steps.stack(), [1, 0, 2])

    return function(folder, body, x=([None, 5, 4], "float32"))


def python_function(folder: Path) -> Path:
    """NumPy called from the graph (`tf.numpy_function`)."""
    import numpy as np
    import tensorflow as tf

    def body(x: Any) -> Any:
        return tf.ensure_shape(tf.numpy_function(np.sort, [x], tf.float32), [None, 8])

    return function(folder, body, x=ROW)


def print_op(folder: Path) -> Path:
    """A forgotten tf.print."""
    import tensorflow as tf

    def body(x: Any) -> Any:
        tf.print("mean", tf.reduce_mean(x))
        return x * 2.0

    return function(folder, body, x=ROW)


def assertion(folder: Path) -> Path:
    """A check of the input (tf.debugging.assert_less)."""
    import tensorflow as tf

    def body(x: Any) -> Any:
        with tf.control_dependencies([tf.debugging.assert_less(tf.reduce_max(x), 1e6)]):
            return x * 2.0

    return function(folder, body, x=ROW)


def noise(folder: Path) -> Path:
    """New random noise with each call."""
    import tensorflow as tf

    return function(folder, lambda x: x + tf.random.normal([8]), x=ROW)


def ensure_shape(folder: Path) -> Path:
    """tf.ensure_shape on a tensor whose length depends on the data."""
    import tensorflow as tf

    def body(x: Any) -> Any:
        positive = tf.boolean_mask(x, x > 0)
        return tf.ensure_shape(tf.pad(positive, [[0, 8 - tf.size(positive)]]), [8])

    return function(folder, body, x=([1, 8], "float32"))


def scatter(folder: Path) -> Path:
    """tf.scatter_nd."""
    import tensorflow as tf

    def body(x: Any) -> Any:
        return tf.scatter_nd([[1], [4], [0]], tf.transpose(x[:, :3]), [6, 1])

    return function(folder, body, x=([1, 8], "float32"))


def crop_and_resize(folder: Path) -> Path:
    """Regions cut from an image, as two-stage detectors do."""
    import tensorflow as tf

    def body(image: Any) -> Any:
        boxes = tf.constant([[0.0, 0.0, 0.5, 0.5], [0.2, 0.2, 0.9, 0.9]])
        return tf.image.crop_and_resize(image, boxes, [0, 0], [8, 8])

    return function(folder, body, image=([1, 32, 32, 3], "float32"))


def six_dimensions(folder: Path) -> Path:
    """Windows of an image by a transposition of six dimensions, as in Swin."""
    import tensorflow as tf

    def body(x: Any) -> Any:
        return tf.reshape(tf.transpose(tf.reshape(x, [-1, 4, 8, 4, 8, 3]), [0, 1, 3, 2, 4, 5]), [-1, 16, 8, 8, 3])

    return function(folder, body, x=([None, 32, 32, 3], "float32"))


def sparse_product(folder: Path) -> Path:
    """A sparse matrix times a dense one."""
    import tensorflow as tf

    def body(x: Any) -> Any:
        sparse = tf.sparse.from_dense(tf.where(x > 0.5, x, 0.0))
        return tf.sparse.sparse_dense_matmul(sparse, tf.ones([8, 2]))

    return function(folder, body, x=([1, 8], "float32"))


def ctc(folder: Path) -> Path:
    """A greedy CTC decoder, as speech and text recognition end with."""
    import tensorflow as tf

    def body(x: Any) -> Any:
        decoded, _ = tf.nn.ctc_greedy_decoder(tf.transpose(x, [1, 0, 2]), tf.fill([1], 10))
        return tf.sparse.to_dense(decoded[0], default_value=-1)

    return function(folder, body, x=([1, 10, 5], "float32"))
