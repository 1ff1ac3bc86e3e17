"""Models that prepare their data themselves."""

from __future__ import annotations

from pathlib import Path

from gauntlet.saving import chain, exported, integers, keras_file, samples, seeded


def rescaling(folder: Path) -> Path:
    """Rescaling of pixels from 0..255 to -1..1."""
    samples(folder, x=integers(256, 32, 32, 3, dtype="float32"))
    layers = seeded().layers
    return chain(folder, (32, 32, 3), layers.Rescaling(1 / 127.5, offset=-1), layers.Conv2D(4, 3), layers.Flatten(),
                 layers.Dense(2))  # fmt: skip


def normalization(folder: Path) -> Path:
    """Normalization adapted to data."""
    keras = seeded()
    import numpy as np

    layer = keras.layers.Normalization()
    layer.adapt(np.random.default_rng(7).normal(3, 2, (100, 6)).astype(np.float32))
    return chain(folder, (6,), layer, keras.layers.Dense(2))


def resizing(folder: Path) -> Path:
    """From images of any size to 32x32."""
    layers = seeded().layers
    return chain(folder, (None, None, 3), layers.Resizing(32, 32), layers.Conv2D(4, 3), layers.Flatten(),
                 layers.Dense(2))  # fmt: skip


def resizing_bicubic(folder: Path) -> Path:
    """Resizing with bicubic interpolation."""
    layers = seeded().layers
    return chain(folder, (48, 48, 3), layers.Resizing(32, 32, interpolation="bicubic"), layers.Conv2D(4, 3))


def cropping(folder: Path) -> Path:
    """Center crop, padding, cropping."""
    layers = seeded().layers
    return chain(folder, (48, 48, 3), layers.CenterCrop(32, 32), layers.ZeroPadding2D(1), layers.Cropping2D(2),
                 layers.Conv2D(4, 3))  # fmt: skip


def augmentation(folder: Path) -> Path:
    """Random flips, turns and contrast, which do nothing in inference."""
    layers = seeded().layers
    return chain(
        folder, (32, 32, 3), layers.RandomFlip(), layers.RandomRotation(0.1), layers.RandomZoom(0.1),
        layers.RandomContrast(0.1), layers.GaussianNoise(0.1), layers.Conv2D(4, 3), layers.Dropout(0.5),
        layers.Flatten(), layers.Dense(2),
    )  # fmt: skip


def text_vectorization(folder: Path) -> Path:
    """Text in: TextVectorization, Embedding, Dense."""
    keras = seeded()
    layers = keras.layers
    vectorize = layers.TextVectorization(max_tokens=20, output_sequence_length=6, name="vectorize")
    vectorize.adapt(["the cat sat", "on the mat"])
    text = keras.Input((1,), dtype="string", name="text")
    x = layers.GlobalAveragePooling1D()(layers.Embedding(20, 4)(vectorize(text)))
    return keras_file(folder, keras.Model(text, layers.Dense(2)(x)))


def string_lookup(folder: Path) -> Path:
    """A category as text among numbers, exported: tabular models have it."""
    keras = seeded()
    layers = keras.layers
    colour, size = keras.Input((1,), dtype="string", name="colour"), keras.Input((2,), name="size")
    known = layers.StringLookup(vocabulary=["red", "green"], output_mode="one_hot", name="colours")(colour)
    return exported(folder, keras.Model([colour, size], layers.Dense(1)(layers.Concatenate()([known, size]))))


def integer_lookup(folder: Path) -> Path:
    """A category as an integer, looked up in a table."""
    samples(folder, x=integers(4, 1, dtype="int64") * 10)
    layers = seeded().layers
    lookup = layers.IntegerLookup(vocabulary=[10, 20, 30], output_mode="int", name="codes")
    return chain(folder, (1,), lookup, layers.Embedding(5, 3), layers.Flatten(), layers.Dense(1), dtype="int64")


def category_encoding(folder: Path) -> Path:
    """Categories as multi-hot rows (CategoryEncoding)."""
    samples(folder, x=integers(5, 3))
    layers = seeded().layers
    encoding = layers.CategoryEncoding(num_tokens=5, output_mode="multi_hot")
    return chain(folder, (3,), encoding, layers.Dense(2), dtype="int32")


def discretization(folder: Path) -> Path:
    """Numbers put into bins (`tf.raw_ops.Bucketize`)."""
    layers = seeded().layers
    bins = layers.Discretization(bin_boundaries=[-0.5, 0.0, 0.5], name="bins")
    return chain(folder, (1,), bins, layers.Embedding(4, 2))


def hashing(folder: Path) -> Path:
    """Integers put into bins by a hash."""
    samples(folder, x=integers(1000, 1))
    layers = seeded().layers
    return chain(folder, (1,), layers.Hashing(num_bins=8, name="hash"), layers.Embedding(8, 3), dtype="int32")


def mel_spectrogram(folder: Path) -> Path:
    """Keras' own MelSpectrogram in front of a small network."""
    layers = seeded().layers
    mel = layers.MelSpectrogram(num_mel_bins=16, fft_length=128, sequence_stride=64, sampling_rate=8000, name="mel")
    return chain(folder, (1024,), mel, layers.Flatten(), layers.Dense(2))
