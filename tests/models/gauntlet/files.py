"""Files and folders that are not what they seem, are only part of a model, or are large."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path
from typing import Any

from gauntlet.saving import exported, integers, keras_file, samples, seeded


def _model(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [keras.Input((16, 16, 3), name="image"), layers.Conv2D(4, 3), layers.ReLU(), layers.Flatten(), layers.Dense(3)]
    )


def keras_named_saved_model(folder: Path) -> Path:
    """A .keras file named `saved_model`, given where a SavedModel is expected."""
    return keras_file(folder, _model(seeded())).rename(folder / "saved_model")


def keras_named_pb(folder: Path) -> Path:
    """A folder that holds a .keras file under the name saved_model.pb."""
    inner = folder / "saved"
    inner.mkdir()
    keras_file(folder, _model(seeded())).rename(inner / "saved_model.pb")
    return inner


def saved_model_named_keras(folder: Path) -> Path:
    """A SavedModel folder named `model.keras`."""
    return exported(folder, _model(seeded())).rename(folder / "model.keras")


def saved_model_part(folder: Path) -> Path:
    """The saved_model.pb of a SavedModel instead of its folder."""
    return exported(folder, _model(seeded())) / "saved_model.pb"


def saved_model_without_variables(folder: Path) -> Path:
    """A SavedModel whose variables folder was not copied."""
    path = exported(folder, _model(seeded()))
    shutil.rmtree(path / "variables")
    return path


def folder_of_models(folder: Path) -> Path:
    """A folder with two .keras files."""
    model = _model(seeded())
    keras_file(folder, model, "best.keras")
    keras_file(folder, model, "last.keras")
    return folder


def weights_only(folder: Path) -> Path:
    """What `model.save_weights` writes."""
    path = folder / "model.weights.h5"
    _model(seeded()).save_weights(str(path))
    return path


def checkpoint(folder: Path) -> Path:
    """What tf.train.Checkpoint writes."""
    import tensorflow as tf

    tf.train.Checkpoint(step=tf.Variable(1), weights=tf.Variable([1.0, 2.0])).save(str(folder / "checkpoint" / "ckpt"))
    return folder / "checkpoint"


def frozen_graph(folder: Path) -> Path:
    """A frozen graph of TensorFlow 1."""
    import tensorflow as tf

    v1 = tf.compat.v1
    with tf.Graph().as_default() as graph:
        x = v1.placeholder(tf.float32, [1, 4], name="x")
        tf.matmul(x, tf.constant([[1.0], [2.0], [3.0], [4.0]]), name="y")
        (folder / "frozen.pb").write_bytes(graph.as_graph_def().SerializeToString())
    return folder / "frozen.pb"


def _trained(keras: Any) -> Any:
    import numpy as np

    model = _model(keras)
    model.compile(keras.optimizers.Adam(), "mse", metrics=["mae"])
    model.fit(np.zeros((4, 16, 16, 3), np.float32), np.zeros((4, 3), np.float32), verbose=0)
    return model


def optimizer_keras(folder: Path) -> Path:
    """Saved right after training: optimizer, loss and metrics are in the file."""
    return keras_file(folder, _trained(seeded()))


def optimizer_h5(folder: Path) -> Path:
    """Saved as .h5 right after training."""
    return keras_file(folder, _trained(seeded()), "model.h5")


def custom_loss(folder: Path) -> Path:
    """Saved with a loss of the user's, which inference does not need."""
    keras = seeded()

    def my_loss(wanted: Any, given: Any) -> Any:
        return keras.ops.mean(keras.ops.abs(wanted - given))

    model = _model(keras)
    model.compile("adam", my_loss)
    return keras_file(folder, model)


def unpacked_keras(folder: Path) -> Path:
    """A .keras file that was unpacked."""
    path = keras_file(folder, _model(seeded()))
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder / "unpacked")
    return folder / "unpacked"


def cut_keras(folder: Path) -> Path:
    """A download that broke off half way."""
    path = keras_file(folder, _model(seeded()))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


def _tflite(folder: Path, **options: Any) -> Path:
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_keras_model(_model(seeded()))
    for name, value in options.items():
        setattr(converter, name, value)
    (folder / "model.tflite").write_bytes(converter.convert())
    return folder / "model.tflite"


def float_tflite(folder: Path) -> Path:
    """A float32 .tflite, converted already."""
    return _tflite(folder)


def quantized_tflite(folder: Path) -> Path:
    """A full integer .tflite."""
    import numpy as np
    import tensorflow as tf

    def samples() -> Any:
        yield [np.linspace(-1, 1, 16 * 16 * 3, dtype=np.float32).reshape(1, 16, 16, 3)]

    return _tflite(
        folder, optimizations=[tf.lite.Optimize.DEFAULT], representative_dataset=samples,
        inference_input_type=tf.int8, inference_output_type=tf.int8,
    )  # fmt: skip


def dynamic_range_tflite(folder: Path) -> Path:
    """A .tflite with int8 weights of one large layer, float in and out."""
    import tensorflow as tf

    return _tflite(folder, optimizations=[tf.lite.Optimize.DEFAULT])


def half_a_gigabyte(folder: Path) -> Path:
    """500 MB of weights: an Embedding and two Dense layers. Random, as zeros would pack too well."""
    keras = seeded()
    import numpy as np

    samples(folder, x=integers(200_000, 8))
    words = keras.Input((8,), dtype="int32", name="words")
    layers = keras.layers
    x = layers.Flatten()(layers.Embedding(200_000, 256, embeddings_initializer="zeros", name="table")(words))
    x = layers.Dense(16_384, kernel_initializer="zeros", activation="relu", name="wide")(x)
    model = keras.Model(words, layers.Dense(2_600, kernel_initializer="zeros", name="scores")(x))
    random = np.random.default_rng(7)
    for layer, scale in (("table", 1.0), ("wide", 0.03), ("scores", 0.01)):
        variable = model.get_layer(layer).weights[0]
        variable.assign(random.standard_normal(variable.shape, dtype=np.float32) * np.float32(scale))
    return keras_file(folder, model)
