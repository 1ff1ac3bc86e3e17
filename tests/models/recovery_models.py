"""Keras models for recovery by training, and what is asked of them in a worker that has TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np


def _of_everything(keras: Any) -> Any:
    """Return a model with every layer that folding looks at, one model inside another among them."""
    layers = keras.layers
    keras.utils.set_random_seed(0)
    image = keras.Input((16, 16, 3), name="image")
    x = layers.Conv2D(8, 3, padding="same", use_bias=False)(image)
    x = layers.ReLU(6.0)(layers.BatchNormalization(name="after_conv")(x))
    x = layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2, use_bias=False)(x)
    x = layers.Activation("relu6")(layers.BatchNormalization(name="after_depthwise", scale=False)(x))
    y = layers.BatchNormalization(name="after_pointwise", center=False)(layers.Conv2D(16, 1)(x))
    x = layers.Dropout(0.2)(layers.Add()([x, y]))
    x = layers.BatchNormalization(name="alone")(x)
    both = layers.Conv2D(16, 1, name="used_twice")(x)
    x = layers.Add()([both, layers.BatchNormalization(name="beside")(both)])
    x = layers.SeparableConv2D(8, 3, activation="swish")(x)
    x = layers.BatchNormalization(name="after_transposed")(layers.Conv2DTranspose(6, 3, strides=2)(x))
    x = x * 2.0 + 1.0
    inner = keras.Sequential(
        [keras.Input(x.shape[1:]), layers.Conv2D(5, 3), layers.BatchNormalization(name="inside"), layers.ReLU()]
    )
    shared = layers.Conv2D(5, 1)
    x = shared(shared(inner(x)))
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.LayerNormalization(name="strange")(x)
    model = keras.Model(image, layers.Dense(7, activation="softmax", name="scores")(x))
    random = np.random.default_rng(1)
    for layer in model._flatten_layers():
        if isinstance(layer, layers.BatchNormalization):
            layer.set_weights([random.uniform(0.5, 1.5, weight.shape) for weight in layer.get_weights()])
    return model


def taken_apart() -> dict[str, Any]:
    """Return how the twin of the model of everything differs from it, and what became of its layers."""
    import keras

    from litesmith.recover.fold import twin_of
    from litesmith.recover.points import points_of
    from litesmith.recover.tape import played, traced

    model = _of_everything(keras)
    before = [np.array(weight) for weight in model.get_weights()]
    values = np.random.default_rng(0).random((4, 16, 16, 3), dtype=np.float32)
    twin = twin_of(traced(model))
    points = points_of(twin.tape)
    answers = np.asarray(played(twin.tape, [values])[twin.tape.outputs[0]])
    return {
        "difference": float(np.abs(np.asarray(model(values)) - answers).max()),
        "folded": twin.folded,
        "kinds": [step.kind for step in twin.tape.steps],
        "rounding": [(step.name, how.value) for step, how in zip(twin.tape.steps, points.rounding, strict=True)],
        "left_float": points.left_float,
        "probabilities": points.probabilities,
        "unchanged": all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True)),
    }


def refusal(what: str) -> str:
    """Return why a model cannot be trained."""
    import keras

    from litesmith.core.errors import SourceError
    from litesmith.recover.tape import traced

    class Own(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = keras.layers.Dense(2)

        def call(self, values: Any) -> Any:
            return self.dense(values)

    own = Own()
    own(np.zeros((1, 4), np.float32))
    end = keras.Input((4,))
    models = {
        "subclassed": lambda: own,
        "subclassed inside": lambda: keras.Model(end, keras.layers.ReLU()(own(end))),
        "lambda": lambda: keras.Model(end, keras.layers.Lambda(lambda x: x * 2, name="twice")(end)),
        "plain": lambda: keras.Model(end, keras.layers.Dense(2)(end)),
    }
    try:
        traced(models[what]())
    except SourceError as error:
        return error.message
    return ""


def save_conv(folder: Path) -> Path:
    """Write a convolution as a float .tflite, and its kernel rounded to 8 bits as `rounded.npy`."""
    import keras
    import tensorflow as tf

    from litesmith.recover.fold import channel_shape
    from litesmith.recover.rounding import rounded_weights

    keras.utils.set_random_seed(3)
    model = keras.Sequential([keras.Input((6, 6, 3), batch_size=1), keras.layers.Conv2D(8, 3)])
    kernel = model.layers[0].kernel
    np.save(folder / "rounded.npy", rounded_weights(kernel.value, channel_shape("Conv2D", tuple(kernel.shape))))
    (folder / "conv.tflite").write_bytes(tf.lite.TFLiteConverter.from_keras_model(model).convert())
    return folder / "conv.tflite"


def rounded(values: Any, scale: float, zero_point: int) -> tuple[Any, Any]:
    """Return values as an int8 tensor would hold them, and the gradient of their sum to each."""
    import tensorflow as tf

    from litesmith.recover.rounding import Grid, rounded_activation

    given = tf.constant(values)
    with tf.GradientTape() as tape:
        tape.watch(given)
        made = rounded_activation(given, Grid(scale=scale, zero_point=zero_point))
    return made.numpy(), tape.gradient(made, given).numpy()


def weight_gradient(kernel: Any) -> Any:
    """Return the gradient of the sum of a rounded kernel to each weight."""
    import tensorflow as tf

    from litesmith.recover.rounding import rounded_weights

    given = tf.constant(kernel)
    with tf.GradientTape() as tape:
        tape.watch(given)
        made = rounded_weights(given, (1, kernel.shape[1]))
    return tape.gradient(made, given).numpy()


def save_fragile(path: Path) -> Path:
    """Write a classifier that 8 bits hurt: in each kernel a large weight on a channel that is always 0 sets the scale.

    The others are left with some ten levels, so that it matters which of two levels each is rounded to.
    """
    import keras

    layers = keras.layers
    keras.utils.set_random_seed(5)
    image = keras.Input((12, 12, 3), name="image")
    x = image
    for width in (8, 12, 16):
        x = layers.Conv2D(width, 3, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.GlobalAveragePooling2D()(x)
    model = keras.Model(image, layers.Dense(6, activation="softmax", name="scores")(x))
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            gamma, beta, mean, variance = layer.get_weights()
            gamma[0], beta[0] = 0.0, -1.0  # ReLU makes it 0
            layer.set_weights([gamma, beta, mean, variance])
        elif isinstance(layer, layers.Conv2D) and layer.kernel.shape[2] > 3:
            kernel = layer.get_weights()[0]
            kernel[0, 0, 0, :] = 12 * np.abs(kernel).max()
            layer.set_weights([kernel])
        elif isinstance(layer, layers.Dense):
            kernel, bias = layer.get_weights()
            layer.set_weights([kernel * 40, bias])
    model.save(str(path))
    return path
