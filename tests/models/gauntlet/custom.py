"""Models with the user's own Python in them, and models of Keras 2 and TensorFlow 1."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gauntlet.saving import exported, keras_file, seeded


def _with(keras: Any, *layers: Any) -> Any:
    return keras.Sequential([keras.Input((6,), name="x"), *layers, keras.layers.Dense(2, name="last")])


def lambda_code(folder: Path) -> Path:
    """A Lambda layer of a lambda: Python code in the file."""
    keras = seeded()
    return keras_file(folder, _with(keras, keras.layers.Lambda(lambda x: x * 2, name="twice")))


def lambda_exported(folder: Path) -> Path:
    """The Lambda layer exported: the graph is all that is needed."""
    keras = seeded()
    return exported(folder, _with(keras, keras.layers.Lambda(lambda x: x * 2, name="twice")))


def lambda_keras_2(folder: Path) -> Path:
    """A Lambda layer in a Keras 2 .h5, which tf-keras would run without asking."""
    import tf_keras

    return keras_file(folder, _with(tf_keras, tf_keras.layers.Lambda(lambda x: x * 2, name="twice")), "model.h5")


def _registered(keras: Any) -> Any:
    @keras.saving.register_keras_serializable("Mine")
    class Wobble(keras.layers.Layer):
        def __init__(self, factor: float = 2.0, **named: Any) -> None:
            super().__init__(**named)
            self.factor = factor
            self.gain = None

        def build(self, shape: Any) -> None:
            self.gain = self.add_weight(shape=(shape[-1],), initializer="ones", name="gain")

        def call(self, x: Any) -> Any:
            return keras.ops.sin(x * self.factor) * self.gain

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "factor": self.factor}

    return Wobble


def custom_registered(folder: Path) -> Path:
    """A registered layer class: well saved, and yet only its own code knows it."""
    keras = seeded()
    return keras_file(folder, _with(keras, _registered(keras)(name="wobble")))


def custom_registered_exported(folder: Path) -> Path:
    """The registered layer class, exported."""
    keras = seeded()
    return exported(folder, _with(keras, _registered(keras)(name="wobble")))


def custom_unregistered(folder: Path) -> Path:
    """A layer class that is not registered."""
    keras = seeded()

    class Wobble(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            return x + 1.0

    return keras_file(folder, _with(keras, Wobble(name="wobble")))


def custom_activation(folder: Path) -> Path:
    """A function of the user's as activation."""
    keras = seeded()

    def swoosh(x: Any) -> Any:
        return x * keras.ops.sigmoid(1.7 * x)

    return keras_file(folder, _with(keras, keras.layers.Dense(4, activation=swoosh, name="swooshed")))


def shared_layers(folder: Path) -> Path:
    """Two images through the same tower (siamese), and their distance."""
    keras = seeded()
    layers, ops = keras.layers, keras.ops
    one, other = keras.Input((32, 32, 1), name="one"), keras.Input((32, 32, 1), name="other")
    tower = keras.Sequential(
        [layers.Conv2D(4, 3, activation="relu"), layers.MaxPooling2D(), layers.Flatten(), layers.Dense(8)], name="tower"
    )
    apart = ops.sqrt(ops.sum(ops.square(tower(one) - tower(other)), axis=1, keepdims=True))
    return keras_file(folder, keras.Model([one, other], apart))


def _network(keras: Any) -> Any:
    @keras.saving.register_keras_serializable("Mine")
    class Network(keras.Model):
        def __init__(self, **named: Any) -> None:
            super().__init__(**named)
            self.first = keras.layers.Dense(8, activation="relu")
            self.norm = keras.layers.BatchNormalization()
            self.last = keras.layers.Dense(2)

        def call(self, x: Any, training: bool = False) -> Any:
            return self.last(self.norm(self.first(x), training=training))

    return Network


def subclassed(folder: Path) -> Path:
    """A subclassed model in a .keras file."""
    keras = seeded()
    import numpy as np

    model = _network(keras)()
    model(np.zeros((1, 6), np.float32))
    return keras_file(folder, model)


def subclassed_exported(folder: Path) -> Path:
    """A subclassed model, exported."""
    keras = seeded()
    import numpy as np

    model = _network(keras)()
    model(np.zeros((1, 6), np.float32))
    return exported(folder, model)


def sequential_without_shape(folder: Path) -> Path:
    """A Sequential that was neither given a shape nor called."""
    keras = seeded()
    return keras_file(folder, keras.Sequential([keras.layers.Dense(3), keras.layers.Dense(2)]))


def batch_norm_after_dense(folder: Path) -> Path:
    """Batch norm after Dense, with moved statistics, so that folding it wrongly would show."""
    keras = seeded()
    layers = keras.layers
    inner = [layers.Dense(8), layers.BatchNormalization(), layers.ReLU(), layers.Dense(4, use_bias=False),
             layers.BatchNormalization(scale=False)]  # fmt: skip
    model = _with(keras, *inner)
    for layer in (inner[1], inner[4]):
        layer.moving_mean.assign(keras.random.normal(layer.moving_mean.shape))
        layer.moving_variance.assign(keras.random.uniform(layer.moving_variance.shape, 0.5, 2.0))
    return keras_file(folder, model)


def models_in_models(folder: Path) -> Path:
    """Three levels of models inside models."""
    keras = seeded()
    model = _with(keras, keras.layers.Dense(3))
    for _ in range(2):
        x = keras.Input((6,), name="x")
        model = keras.Model(x, keras.layers.Dense(2)(keras.layers.Concatenate()([model(x), x])))
    return keras_file(folder, model)


def _keras_2_cnn() -> Any:
    import tf_keras

    tf_keras.utils.set_random_seed(7)
    layers = tf_keras.layers
    return tf_keras.Sequential(
        [tf_keras.Input((32, 32, 3), name="image"), layers.Conv2D(8, 3, use_bias=False), layers.BatchNormalization(),
         layers.ReLU(6.0), layers.DepthwiseConv2D(3), layers.GlobalAveragePooling2D(), layers.Dense(4)]
    )  # fmt: skip


def keras_2_h5(folder: Path) -> Path:
    """A Keras 2 .h5 whose DepthwiseConv2D carries `groups`, which Keras 3 refuses."""
    return keras_file(folder, _keras_2_cnn(), "model.h5")


def keras_2_keras(folder: Path) -> Path:
    """A Keras 2 .keras file."""
    return keras_file(folder, _keras_2_cnn())


def keras_2_saved_model(folder: Path) -> Path:
    """A SavedModel by Keras 2's `model.save(folder)`, compiled, with its optimizer."""
    model = _keras_2_cnn()
    model.compile("adam", "mse")
    model.save(str(folder / "saved"))
    return folder / "saved"


def tf1_saved_model(folder: Path) -> Path:
    """TensorFlow 1 style: a session's graph with variables."""
    import tensorflow as tf

    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        v1.set_random_seed(7)
        x = v1.placeholder(tf.float32, [None, 28, 28, 1], name="x_in")
        kernel = v1.get_variable("kernel", [3, 3, 1, 4])
        features = tf.reduce_mean(tf.nn.relu(tf.nn.conv2d(x, kernel, 1, "SAME")), axis=[1, 2])
        y = tf.matmul(features, v1.get_variable("w", [4, 3]), name="y_out")
        session.run(v1.global_variables_initializer())
        v1.saved_model.simple_save(session, str(folder / "saved"), {"x": x}, {"y": y})
    return folder / "saved"
