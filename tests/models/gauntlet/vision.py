"""Models of images and video that are no Keras Application."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gauntlet.saving import chain, exported, function, keras_file, seeded


def _double(layers: Any, x: Any, filters: int) -> Any:
    for _ in range(2):
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
    return x


def unet(folder: Path) -> Path:
    """U-Net of two levels, transposed convolutions on the way up."""
    keras = seeded()
    layers = keras.layers
    image = keras.Input((64, 64, 3), name="image")
    one = _double(layers, image, 8)
    two = _double(layers, layers.MaxPooling2D()(one), 16)
    x = _double(layers, layers.MaxPooling2D()(two), 32)
    for skip, filters in ((two, 16), (one, 8)):
        x = layers.Conv2DTranspose(filters, 2, strides=2, padding="same")(x)
        x = _double(layers, layers.Concatenate()([x, skip]), filters)
    return keras_file(folder, keras.Model(image, layers.Conv2D(2, 1, name="mask")(x)))


def unet_upsampling(folder: Path) -> Path:
    """U-Net of one level, enlarged by interpolation."""
    keras = seeded()
    layers = keras.layers
    image = keras.Input((64, 64, 3), name="image")
    one = _double(layers, image, 8)
    x = _double(layers, layers.AveragePooling2D(2)(one), 16)
    x = layers.Concatenate()([layers.UpSampling2D(interpolation="bilinear")(x), one])
    return keras_file(folder, keras.Model(image, layers.Conv2D(1, 1, activation="sigmoid", name="mask")(x)))


def autoencoder(folder: Path) -> Path:
    """Autoencoder: encoder and decoder are models of their own."""
    keras = seeded()
    layers = keras.layers
    shape = (32, 32, 1)
    encoder = keras.Sequential(
        [keras.Input(shape), layers.Conv2D(8, 3, strides=2, padding="same", activation="relu"), layers.Flatten(),
         layers.Dense(16, name="code")], name="encoder",
    )  # fmt: skip
    decoder = keras.Sequential(
        [keras.Input((16,)), layers.Dense(16 * 16 * 8), layers.Reshape((16, 16, 8)),
         layers.Conv2DTranspose(1, 3, strides=2, padding="same", activation="sigmoid")], name="decoder",
    )  # fmt: skip
    image = keras.Input(shape, name="image")
    return keras_file(folder, keras.Model(image, decoder(encoder(image))))


def variational_autoencoder(folder: Path) -> Path:
    """Variational autoencoder that draws its code at random in inference too."""
    keras = seeded()
    import tensorflow as tf

    layers = keras.layers

    @keras.saving.register_keras_serializable("Mine")
    class Sampling(layers.Layer):
        def call(self, inputs: Any) -> Any:
            mean, spread = inputs
            return mean + tf.exp(0.5 * spread) * tf.random.normal(tf.shape(mean))

    image = keras.Input((16, 16, 1), name="image")
    x = layers.Dense(32, activation="relu")(layers.Flatten()(image))
    code = Sampling(name="sampling")([layers.Dense(4, name="mean")(x), layers.Dense(4, name="spread")(x)])
    return exported(folder, keras.Model(image, layers.Dense(256)(code)))


def _detector(keras: Any) -> Any:
    layers = keras.layers
    image = keras.Input((64, 64, 3), name="image")
    x = _double(layers, layers.MaxPooling2D()(image), 8)
    boxes, scores = [], []
    for _ in range(2):
        x = _double(layers, layers.MaxPooling2D()(x), 16)
        boxes.append(layers.Reshape((-1, 4))(layers.Conv2D(8, 3, padding="same")(x)))
        scores.append(layers.Reshape((-1, 3))(layers.Conv2D(6, 3, padding="same", activation="sigmoid")(x)))
    both = {"boxes": layers.Concatenate(axis=1)(boxes), "scores": layers.Concatenate(axis=1)(scores)}
    return keras.Model(image, both)


def detector_heads(folder: Path) -> Path:
    """A detector: boxes and scores of two scales, as a dict."""
    return keras_file(folder, _detector(seeded()))


def detector_nms(folder: Path) -> Path:
    """Boxes and scores with `tf.image.non_max_suppression` of one class behind them, a SavedModel."""
    keras = seeded()
    import tensorflow as tf

    model = _detector(keras)

    def body(image: Any) -> Any:
        found = model(image, training=False)
        best = tf.image.non_max_suppression(found["boxes"][0], found["scores"][0, :, 0], max_output_size=10)
        padded = tf.pad(best, [[0, 10 - tf.shape(best)[0]]], constant_values=-1)
        return tf.reshape(padded, [1, 10])

    return function(folder, body, model, image=([1, 64, 64, 3], "float32"))


def detector_combined_nms(folder: Path) -> Path:
    """Boxes and scores with `tf.image.combined_non_max_suppression`, a SavedModel."""
    keras = seeded()
    import tensorflow as tf

    model = _detector(keras)

    def body(image: Any) -> Any:
        found = model(image, training=False)
        boxes = tf.expand_dims(found["boxes"], 2)
        return tf.image.combined_non_max_suppression(boxes, found["scores"], 5, 10).nmsed_boxes

    return function(folder, body, model, image=([None, 64, 64, 3], "float32"))


def video_3d(folder: Path) -> Path:
    """3-D convolutions over 8 frames."""
    layers = seeded().layers
    return chain(
        folder, (8, 32, 32, 3), layers.Conv3D(8, 3, padding="same", activation="relu"),
        layers.Conv3D(8, 3, strides=2, padding="same", activation="relu"), layers.GlobalAveragePooling3D(),
        layers.Dense(4),
    )  # fmt: skip


def video_3d_pooling(folder: Path) -> Path:
    """3-D convolution with 3-D pooling, as in C3D."""
    layers = seeded().layers
    return chain(
        folder, (8, 32, 32, 3), layers.Conv3D(8, 3, padding="same"), layers.MaxPooling3D(2), layers.Flatten(),
        layers.Dense(4),
    )  # fmt: skip


def grouped_convolution(folder: Path) -> Path:
    """A convolution in four groups."""
    layers = seeded().layers
    return chain(folder, (32, 32, 8), layers.Conv2D(16, 3, groups=4), layers.ReLU(), layers.Flatten(), layers.Dense(4))


def dilated_convolution(folder: Path) -> Path:
    """Dilations of 1, 2, 4 and 8 one after the other."""
    layers = seeded().layers
    pyramid = [layers.Conv2D(8, 3, padding="same", dilation_rate=rate, activation="relu") for rate in (1, 2, 4, 8)]
    return chain(folder, (32, 32, 3), *pyramid, layers.Conv2D(2, 1))


def separable_convolution(folder: Path) -> Path:
    """Separable and depthwise convolutions with depth multipliers."""
    layers = seeded().layers
    return chain(
        folder, (32, 32, 3), layers.SeparableConv2D(8, 3, depth_multiplier=2, activation="swish"),
        layers.DepthwiseConv2D(5, strides=2, depth_multiplier=3), layers.GlobalMaxPooling2D(), layers.Dense(4),
    )  # fmt: skip


def super_resolution(folder: Path) -> Path:
    """Pixel shuffle (`tf.nn.depth_to_space`), exported, of an image of any size."""
    keras = seeded()
    import tensorflow as tf

    layers = keras.layers
    first, second = layers.Conv2D(16, 3, padding="same", activation="relu"), layers.Conv2D(12, 3, padding="same")
    image = keras.Input((None, None, 3), name="image")
    larger = layers.Lambda(lambda x: tf.nn.depth_to_space(x, 2), name="shuffle")
    return exported(folder, keras.Model(image, larger(second(first(image)))))


def vision_transformer(folder: Path) -> Path:
    """Vision transformer: patches, embedded places, two blocks of attention."""
    keras = seeded()
    layers, ops = keras.layers, keras.ops
    image = keras.Input((32, 32, 3), name="image")
    x = layers.Reshape((16, 32))(layers.Conv2D(32, 8, strides=8)(image))
    x = x + layers.Embedding(16, 32)(ops.arange(16))
    for _ in range(2):
        normal = layers.LayerNormalization()(x)
        x = x + layers.MultiHeadAttention(4, 8)(normal, normal)
        x = x + layers.Dense(32)(layers.Dense(64, activation="gelu")(layers.LayerNormalization()(x)))
    return keras_file(folder, keras.Model(image, layers.Dense(5)(layers.GlobalAveragePooling1D()(x))))


def other_normalizations(folder: Path) -> Path:
    """Group, layer and unit normalization, PReLU and ELU."""
    layers = seeded().layers
    return chain(
        folder, (16, 16, 8), layers.GroupNormalization(4), layers.Conv2D(8, 3), layers.LayerNormalization(),
        layers.UnitNormalization(), layers.PReLU(shared_axes=[1, 2]), layers.ELU(), layers.Flatten(), layers.Dense(3),
    )  # fmt: skip


def channels_first(folder: Path) -> Path:
    """A convolution with channels first, as ported PyTorch models have it."""
    layers = seeded().layers
    return chain(
        folder, (3, 32, 32), layers.Conv2D(8, 3, data_format="channels_first", activation="relu"),
        layers.GlobalAveragePooling2D(data_format="channels_first"), layers.Dense(4),
    )  # fmt: skip
