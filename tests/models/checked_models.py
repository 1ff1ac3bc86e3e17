"""Builders of models that are hard to compare with their .tflite, or that a small change makes convertible.

Used like `tiny_models`: by name, in a worker process.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ladder_models import _keras
from tiny_models import save

ROW = (None, 8)


def save_lstm_of_keras_2(path: Path) -> Path:
    """An LSTM of Keras 2, which becomes TFLite's fused LSTM: `sequence` [N, 6, 4] -> [N, 6, 5]; a folder or `.h5`."""
    keras = _keras(2)
    keras.utils.set_random_seed(7)
    model = keras.Sequential([keras.Input((6, 4), name="sequence"), keras.layers.LSTM(5, return_sequences=True)])
    return save(model, path, "h5" if path.suffix == ".h5" else "saved_model")


def save_graph(path: Path, what: str) -> Path:
    """A SavedModel of one function of `x` [N, 8], and of the number `k` where `what` is `scalar`."""
    import tensorflow as tf

    def found(x: Any) -> Any:
        return tf.where(x > 0.0)

    def first_found(x: Any) -> Any:
        return tf.where(tf.equal(x, tf.reduce_max(x, axis=1, keepdims=True)))

    def decoded(x: Any) -> Any:
        steps = tf.transpose(tf.reshape(x, [-1, 4, 2]), [1, 0, 2])
        (path,), _ = tf.nn.ctc_greedy_decoder(steps, tf.fill([tf.shape(x)[0]], 4))
        return tf.sparse.to_dense(path)

    def printed(x: Any) -> Any:
        mean = tf.reduce_mean(x)
        tf.print("mean", mean, tf.strings.as_string(mean))
        with tf.control_dependencies([tf.debugging.assert_all_finite(x, "x")]):
            tf.debugging.assert_less(mean, 1e9)
        return x * 2.0

    def double(x: Any) -> Any:
        return tf.cast(tf.reduce_sum(tf.cast(x, tf.float64) ** 1.5, axis=1), tf.float32)

    bodies = {
        "found": found,
        "first_found": first_found,
        "decoded": decoded,
        "seeded_noise": lambda x: x + tf.random.normal([8], seed=3),
        "printed": printed,
        "shape_ensured": lambda x: tf.ensure_shape(tf.boolean_mask(x, x < 9.0)[:2], [2]),
        "double": double,
        "scalar": lambda x, k: x * k,
    }
    signature = [tf.TensorSpec(ROW, tf.float32, name="x")]
    if what == "scalar":
        signature.append(tf.TensorSpec([], tf.float32, name="k"))
    module = tf.Module()
    body = bodies[what]
    module.serve = tf.function(lambda *given: {"y": body(*given)}, input_signature=signature, autograph=False)
    tf.saved_model.save(module, str(path), signatures={"serving_default": module.serve})
    return path


def answers_beside_tensorflow(path: Path) -> list[Any]:
    """Return a .tflite's answer to a random sample [1, 6, 4], before and after it was fed another one."""
    import numpy as np

    from litesmith.convert.made_answers import runner

    run = runner(path.read_bytes())
    sample = np.random.default_rng(0).normal(size=(1, 6, 4)).astype(np.float32)
    before = run([sample])[0]
    run([sample * 3])
    return [before, run([sample])[0]]


def save_attention(path: Path) -> Path:
    """Causal attention over a text of any length, written out: `tokens` int32 [N, ?] -> [N, ?, 8].

    The mask gets its axis by a slice. Keras' own layer does that in some versions and not in others.
    """
    keras = _keras(3)
    keras.utils.set_random_seed(7)
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    x = keras.layers.Embedding(20, 8)(tokens)
    scores = keras.ops.matmul(x, keras.ops.transpose(x, (0, 2, 1)))
    mask = keras.ops.tril(keras.ops.ones_like(scores[0]))[None, :, :]
    weights = keras.ops.softmax(scores - 99 * (1 - mask))
    return save(keras.Model(tokens, keras.ops.matmul(weights, x)), path, "keras")


def save_counted(path: Path) -> Path:
    """Counts of categories, whose operator reads a constant without elements: `x` int32 [N, 3] -> [N, 2]."""
    keras = _keras(3)
    keras.utils.set_random_seed(7)
    inputs = keras.Input((3,), dtype="int32", name="x")
    counted = keras.layers.CategoryEncoding(5, output_mode="count")(inputs)
    return save(keras.Model(inputs, keras.layers.Dense(2)(counted)), path, "keras")


def save_double(path: Path) -> Path:
    """A classifier of policy float64: `x` float64 [N, 8] -> [N, 3]."""
    keras = _keras(3)
    keras.utils.set_random_seed(7)
    x = keras.Input((8,), dtype="float64", name="x")
    y = keras.layers.Dense(8, activation="relu", dtype="float64")(x)
    y = keras.layers.BatchNormalization(dtype="float64")(y)
    return save(keras.Model(x, keras.layers.Dense(3, dtype="float64")(y)), path, "keras")


def save_whole_batch(path: Path) -> Path:
    """A model built with a batch of 4, whose answer to one sample depends on the other three: `x` [4, 3] -> [4, 3]."""
    keras = _keras(3)
    x = keras.Input((3,), batch_size=4, name="x")
    return save(keras.Model(x, x - keras.ops.mean(x, axis=0, keepdims=True)), path, "keras")
