"""Ops that TFLite has no kernel for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from causes.saving import exported, functional, saved_function


def inverse(path: Path) -> Path:
    import keras

    return functional(path, keras.ops.inv, (3, 3))


def svd(path: Path) -> Path:
    import keras

    return functional(path, lambda x: keras.ops.svd(x)[1], (3, 3))


def fft2(path: Path) -> Path:
    import keras

    return functional(path, lambda x: keras.ops.fft2((x, x))[0], (4, 4))


def erfinv(path: Path) -> Path:
    import keras

    return functional(path, keras.ops.erfinv, (4,))


def crop_and_resize(path: Path) -> Path:
    import tensorflow as tf

    boxes = [[0.0, 0.0, 1.0, 1.0]]
    return exported(path, lambda x: tf.image.crop_and_resize(x, boxes, [0], [4, 4]), (8, 8, 3))


def glimpse(path: Path) -> Path:
    import tensorflow as tf

    return exported(path, lambda x: tf.image.extract_glimpse(x, [4, 4], tf.zeros([1, 2])), (8, 8, 3))


def contrast(path: Path) -> Path:
    import tensorflow as tf

    return exported(path, lambda x: tf.image.adjust_contrast(x, 2.0), (8, 8, 3))


def ctc(path: Path) -> Path:
    import tensorflow as tf

    def body(x: Any) -> Any:
        return tf.nn.ctc_greedy_decoder(tf.transpose(x, [1, 0, 2]), tf.fill([tf.shape(x)[0]], 5))[1]

    return exported(path, body, (5, 4))


def combined_nms(path: Path) -> Path:
    import tensorflow as tf

    def body(x: Any) -> Any:
        return tf.image.combined_non_max_suppression(x[:, :, None, :], x[:, :, :1], 3, 3).nmsed_boxes

    return exported(path, body, (6, 4))


def python_function(path: Path) -> Path:
    import numpy as np
    import tensorflow as tf

    return exported(path, lambda x: tf.reshape(tf.numpy_function(np.sort, [x], tf.float32), [-1, 3]), (3,))


def sparse(path: Path) -> Path:
    import tensorflow as tf

    def body(x: Any) -> Any:
        return tf.sparse.sparse_dense_matmul(tf.sparse.from_dense(x), tf.ones([4, 2]))

    return exported(path, body, (4,))


def ragged(path: Path) -> Path:
    import tensorflow as tf

    def body(x: Any) -> Any:
        return tf.RaggedTensor.from_tensor(x, padding=0).to_tensor()

    return exported(path, body, (4,))


def average_pool_3d(path: Path) -> Path:
    import keras

    return functional(path, keras.layers.AveragePooling3D(2, name="pool3"), (4, 4, 4, 2))


def max_pool_3d(path: Path) -> Path:
    import keras

    return functional(path, keras.layers.MaxPooling3D(2, name="pool3"), (4, 4, 4, 2))


def printing(path: Path) -> Path:
    import tensorflow as tf

    def body(x: Any) -> Any:
        with tf.control_dependencies([tf.print("seen", x)]):
            return x * 2.0

    return exported(path, body, (4,))


def betainc(path: Path) -> Path:
    import tensorflow as tf

    return saved_function(path, lambda x: tf.math.betainc(x, x, x), x=([None, 3], "float32"))


def reduced_precision(path: Path) -> Path:
    import tensorflow as tf
    from tensorflow.compiler.tf2xla.python import xla

    return exported(path, tf.function(lambda x: xla.reduce_precision(x, 5, 10), jit_compile=True), (4,))


def dataset_inside(path: Path) -> Path:
    import tensorflow as tf

    def body(x: Any) -> Any:
        return tf.data.Dataset.from_tensor_slices(x).map(lambda row: row * 2).reduce(tf.zeros([4]), lambda s, v: s + v)

    return exported(path, body, (4,))


def histogram(path: Path) -> Path:
    import tensorflow as tf

    return exported(path, lambda x: tf.histogram_fixed_width(x, [0.0, 1.0], 5), (4,))


def qr(path: Path) -> Path:
    import keras

    return functional(path, lambda x: keras.ops.qr(x)[0], (3, 3))


def hashing(path: Path) -> Path:
    import keras

    return functional(path, keras.layers.Hashing(3, name="hashed"), (4,), "int32")


def category_encoding(path: Path) -> Path:
    import keras

    return functional(path, keras.layers.CategoryEncoding(num_tokens=5, output_mode="count", name="c"), (4,), "int32")


def dilation(path: Path) -> Path:
    import tensorflow as tf

    def body(x: Any) -> Any:
        return tf.nn.dilation2d(x, tf.zeros([2, 2, 3]), [1, 1, 1, 1], "SAME", "NHWC", [1, 1, 1, 1])

    return exported(path, body, (8, 8, 3))


def ensured_shape(path: Path) -> Path:
    import tensorflow as tf

    return exported(path, lambda x: tf.ensure_shape(tf.boolean_mask(x, x > 0)[:2], [2]), (4,))


def ensured_integers(path: Path) -> Path:
    import tensorflow as tf

    def body(x: Any) -> Any:
        return tf.ensure_shape(tf.boolean_mask(tf.range(4), x[0] > 0)[:2], [2])

    return exported(path, body, (4,))


def ensured_python_function(path: Path) -> Path:
    import numpy as np
    import tensorflow as tf

    def body(x: Any) -> Any:
        return tf.ensure_shape(tf.numpy_function(np.sort, [x], tf.float32), [None, 8])

    return saved_function(path, body, x=([None, 8], "float32"))
