"""Models whose inputs, outputs or shapes are out of the ordinary."""

from __future__ import annotations

from pathlib import Path

from gauntlet.saving import chain, exported, function, integers, keras_file, samples, seeded


def several_inputs(folder: Path) -> Path:
    """An image, numbers and an integer category."""
    keras = seeded()
    layers = keras.layers
    image, numbers = keras.Input((32, 32, 3), name="image"), keras.Input((5,), name="numbers")
    category = keras.Input((1,), dtype="int32", name="category")
    seen = layers.GlobalAveragePooling2D()(layers.Conv2D(8, 3, activation="relu")(image))
    known = layers.Flatten()(layers.Embedding(4, 3)(category))
    joined = layers.Concatenate()([seen, layers.Dense(4)(numbers), known])
    return keras_file(folder, keras.Model([image, numbers, category], layers.Dense(1, name="price")(joined)))


def nested_outputs(folder: Path) -> Path:
    """Outputs in dicts within dicts, named out of alphabetical order."""
    keras = seeded()
    layers = keras.layers
    x = keras.Input((6,), name="in-put 1")
    hidden = layers.Dense(8, activation="relu")(x)
    outputs = {
        "z": layers.Dense(2)(hidden),
        "box": {"top left": layers.Dense(3)(hidden), "size": layers.Dense(3)(hidden)},
        "all": [layers.Dense(1)(hidden), layers.Dense(1)(hidden)],
    }
    return keras_file(folder, keras.Model({"in-put 1": x}, outputs))


def same_shapes(folder: Path) -> Path:
    """Two inputs and two outputs that only their names tell apart, exported."""
    keras = seeded()
    right, left = keras.Input((4,), name="right"), keras.Input((4,), name="left")
    outputs = [keras.layers.Dense(3, name="second")(right), keras.layers.Dense(3, name="first")(left)]
    return exported(folder, keras.Model([right, left], outputs))


def output_is_input(folder: Path) -> Path:
    """One output is the input itself, and one comes twice."""
    keras = seeded()
    x = keras.Input((4,), name="x")
    y = keras.layers.Dense(2, name="y")(x)
    return keras_file(folder, keras.Model(x, [x, y, y]))


def any_size(folder: Path) -> Path:
    """A fully convolutional network for images of any height and width."""
    layers = seeded().layers
    return chain(
        folder, (None, None, 3), layers.Conv2D(8, 3, padding="same", activation="relu"), layers.MaxPooling2D(),
        layers.Conv2D(8, 3, padding="same"), layers.GlobalAveragePooling2D(), layers.Dense(3),
    )  # fmt: skip


def any_size_upsampled(folder: Path) -> Path:
    """Of any height and width, enlarged by a transposed convolution: the answer has an open size too."""
    layers = seeded().layers
    return chain(
        folder, (None, None, 3), layers.Conv2D(8, 3, strides=2, padding="same", activation="relu"),
        layers.Conv2DTranspose(8, 2, strides=2), layers.Conv2D(1, 1),
    )  # fmt: skip


def small_cnn(folder: Path) -> Path:
    """An image classifier of four layers."""
    layers = seeded().layers
    return chain(
        folder, (32, 32, 3), layers.Conv2D(8, 3, activation="relu"), layers.MaxPooling2D(), layers.Flatten(),
        layers.Dense(5),
    )  # fmt: skip


def fixed_batch(folder: Path) -> Path:
    """A model that takes exactly four samples at once."""
    keras = seeded()
    return keras_file(
        folder, keras.Sequential([keras.Input((3,), batch_size=4, name="x"), keras.layers.Dense(2, name="y")])
    )


def without_batch(folder: Path) -> Path:
    """A SavedModel that takes one image without a dimension for the batch."""
    import tensorflow as tf

    def body(image: tf.Tensor) -> tf.Tensor:
        return tf.reduce_mean(image, axis=[0, 1])

    return function(folder, body, image=([32, 32, 3], "float32"))


def scalar_input(folder: Path) -> Path:
    """A SavedModel with a threshold as a plain number beside the samples."""
    import tensorflow as tf

    def body(x: tf.Tensor, threshold: tf.Tensor) -> tf.Tensor:
        return tf.cast(x > threshold, tf.float32) * x

    return function(folder, body, x=([None, 6], "float32"), threshold=([], "float32"))


def unknown_rank(folder: Path) -> Path:
    """A SavedModel whose input may have any shape at all."""
    return function(folder, lambda x: x * 2.0, x=(None, "float32"))


def integer_input(folder: Path) -> Path:
    """Word numbers as int64, the way NumPy makes them."""
    samples(folder, x=integers(20, 8, dtype="int64"))
    layers = seeded().layers
    return chain(folder, (8,), layers.Embedding(20, 4), layers.Flatten(), layers.Dense(2), dtype="int64")


def byte_input(folder: Path) -> Path:
    """Pixels as uint8, brought to floats inside."""
    samples(folder, x=integers(256, 32, 32, 3, dtype="uint8"))
    layers = seeded().layers
    return chain(folder, (32, 32, 3), layers.Rescaling(1 / 255), layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(2),
                 dtype="uint8")  # fmt: skip


def true_or_false_input(folder: Path) -> Path:
    """A SavedModel with a mask of truth values, `tf.boolean_mask`'s gentler form."""
    import tensorflow as tf

    def body(x: tf.Tensor, keep: tf.Tensor) -> tf.Tensor:
        return tf.where(keep, x, tf.zeros_like(x))

    return function(folder, body, x=([None, 6], "float32"), keep=([None, 6], "bool"))


def string_input(folder: Path) -> Path:
    """Text in, a number out."""
    import tensorflow as tf

    return function(folder, tf.strings.to_number, text=([None], "string"))


def string_output(folder: Path) -> Path:
    """Scores in, the name of the class out, as served models often have it."""
    import tensorflow as tf

    names = tf.constant(["cat", "dog", "bird"])
    return function(folder, lambda x: tf.gather(names, tf.argmax(x, axis=1)), x=([None, 3], "float32"))


def several_signatures(folder: Path) -> Path:
    """A SavedModel with two signatures, neither of them the default."""
    import tensorflow as tf

    module = tf.Module()
    spec = tf.TensorSpec([None, 3], tf.float32, name="x")
    module.encode = tf.function(lambda x: {"y": x * 2.0}, input_signature=[spec])
    module.decode = tf.function(lambda x: {"y": x / 2.0}, input_signature=[spec])
    path = folder / "saved"
    tf.saved_model.save(module, str(path), signatures={"encode": module.encode, "decode": module.decode})
    return path


def no_signature(folder: Path) -> Path:
    """A SavedModel without signatures, as `tf.saved_model.save(module)` writes it."""
    import tensorflow as tf

    module = tf.Module()
    module.weights = tf.Variable([1.0, 2.0])
    tf.saved_model.save(module, str(folder / "saved"))
    return folder / "saved"
