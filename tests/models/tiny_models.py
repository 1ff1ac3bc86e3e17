"""Builders of tiny models, each in under a second once TensorFlow is imported.

Every function imports TensorFlow inside, so that tests may import this module freely and call it in a worker process:

    with Worker("builder", environment={"PYTHONPATH": str(folder_of_this_file)}) as worker:
        worker.call("tiny_models:save_tiny_cnn", path=folder / "cnn.keras", kind="keras")
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

KINDS = ("keras", "h5", "saved_model", "tflite")
CLASSES = 5


def save(model: Any, path: Path, kind: str) -> Path:
    """Write a Keras 3 or Keras 2 model as one of KINDS."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind in ("keras", "h5"):
        model.save(str(path))
    elif kind == "saved_model":
        model.export(str(path))
    else:
        import tensorflow as tf

        path.write_bytes(tf.lite.TFLiteConverter.from_keras_model(model).convert())
    return path


def _cnn(keras: Any, *, size: int = 8, channels: int = 3) -> Any:
    layers = keras.layers
    keras.utils.set_random_seed(7)
    return keras.Sequential(
        [
            keras.Input((size, size, channels), name="image"),
            layers.Conv2D(8, 3, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(6.0),
            layers.DepthwiseConv2D(3, padding="same"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(CLASSES, activation="softmax", name="scores"),
        ]
    )


def save_tiny_cnn(path: Path, kind: str = "keras", size: int = 8, channels: int = 3) -> Path:
    """An image classifier: float32 [N, size, size, channels] -> [N, 5], input `image`, output `scores`."""
    import keras

    return save(_cnn(keras, size=size, channels=channels), path, kind)


def save_keras_2_cnn(path: Path, kind: str = "h5") -> Path:
    """The same by Keras 2. Its DepthwiseConv2D carries `groups`, which Keras 3 refuses."""
    import tf_keras

    return save(_cnn(tf_keras), path, kind)


def save_several(path: Path, kind: str = "keras") -> Path:
    """Inputs `side-input` float32 [4] and `ids` int32 [3]; outputs in nested dicts, out of alphabetical order."""
    import keras

    keras.utils.set_random_seed(7)
    side = keras.Input((4,), name="side-input")
    ids = keras.Input((3,), dtype="int32", name="ids")
    words = keras.layers.Flatten()(keras.layers.Embedding(10, 4)(ids))
    joined = keras.layers.Concatenate()([side, words])
    outputs = {"z": keras.layers.Dense(2)(joined), "boxes": {"left top": keras.layers.Dense(3)(joined)}}
    return save(keras.Model([side, ids], outputs), path, kind)


def save_listed(path: Path, kind: str = "keras") -> Path:
    """Inputs `zebra` [2] and `ant` [3], outputs `second` [1] and `first` [2]: neither in alphabetical order."""
    import keras

    keras.utils.set_random_seed(7)
    zebra, ant = keras.Input((2,), name="zebra"), keras.Input((3,), name="ant")
    joined = keras.layers.Concatenate()([zebra, ant])
    outputs = [keras.layers.Dense(1, name="second")(joined), keras.layers.Dense(2, name="first")(joined)]
    return save(keras.Model([zebra, ant], outputs), path, kind)


def save_lstm(path: Path, kind: str = "keras") -> Path:
    """A sequence classifier: float32 [N, 6, 4] -> [N, 2]."""
    import keras

    keras.utils.set_random_seed(7)
    layers = [keras.Input((6, 4), name="sequence"), keras.layers.LSTM(5), keras.layers.Dense(2, name="label")]
    return save(keras.Sequential(layers), path, kind)


def save_mixed_precision(path: Path, kind: str = "keras") -> Path:
    """The image classifier of policy mixed_float16."""
    import keras

    before = keras.mixed_precision.dtype_policy()
    keras.mixed_precision.set_dtype_policy("mixed_float16")
    try:
        return save(_cnn(keras), path, kind)
    finally:
        keras.mixed_precision.set_dtype_policy(before)


def save_fixed_batch(path: Path, batch: int = 4) -> Path:
    """A model that takes exactly `batch` samples at once."""
    import keras

    layers = [keras.Input((3,), batch_size=batch, name="x"), keras.layers.Dense(2, name="y")]
    return save(keras.Sequential(layers), path, "keras")


def save_lambda(path: Path, kind: str = "keras") -> Path:
    """A model with a Lambda layer `twice`, which is Python code in the file."""
    import keras

    layers = [keras.Input((3,)), keras.layers.Lambda(lambda x: x * 2, name="twice"), keras.layers.Dense(2)]
    return save(keras.Sequential(layers), path, kind)


def save_custom_layer(path: Path, kind: str = "keras") -> Path:
    """A model with a layer class that only this function knows."""
    import keras

    class Wobble(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            return x + 1.0

    return save(keras.Sequential([keras.Input((3,)), Wobble(), keras.layers.Dense(2)]), path, kind)


def save_weights_only(path: Path) -> Path:
    """An .h5 of weights (`name.weights.h5`)."""
    import keras

    _cnn(keras).save_weights(str(path))
    return path


def save_tf1(path: Path) -> Path:
    """A SavedModel of TensorFlow 1 style, with variables in its graph: `x` [N, 3] -> `y` [N, 2]."""
    import tensorflow as tf

    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, [None, 3], name="x_in")
        weights = v1.get_variable("w", initializer=tf.constant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]))
        y = tf.matmul(x, weights, name="y_out")
        session.run(v1.global_variables_initializer())
        v1.saved_model.simple_save(session, str(path), {"x": x}, {"y": y})
    return path


def save_function(path: Path, what: str) -> Path:
    """A SavedModel of one function.

    `string` takes text; `inverse` uses an operator without TFLite kernel; `unsigned` has no signature; `named` has
    one of another name.
    """
    import tensorflow as tf

    module = tf.Module()
    if what == "string":
        spec, body = tf.TensorSpec([None], tf.string, name="text"), tf.strings.to_number
    else:
        spec, body = tf.TensorSpec([None, 2, 2], tf.float32, name="x"), tf.linalg.inv
    module.serve = tf.function(lambda x: {"y": body(x)}, input_signature=[spec])
    if what == "unsigned":
        tf.saved_model.save(module, str(path), signatures={})
    else:
        key = "predict" if what == "named" else "serving_default"
        tf.saved_model.save(module, str(path), signatures={key: module.serve})
    return path


def save_always_random(path: Path) -> Path:
    """A SavedModel that adds new noise with every call, so that no two answers agree: `x` [N, 3] -> `y` [N, 3]."""
    import tensorflow as tf

    module = tf.Module()
    spec = tf.TensorSpec([None, 3], tf.float32, name="x")
    module.serve = tf.function(lambda x: {"y": x + tf.random.normal([3])}, input_signature=[spec])
    tf.saved_model.save(module, str(path), signatures={"serving_default": module.serve})
    return path
