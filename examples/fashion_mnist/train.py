"""Train the Fashion-MNIST example model and write the files that go with it.

The network is a small MobileNetV2: a stem convolution, inverted residual blocks, global
average pooling and a softmax over ten classes. It takes 28x28x1 float32 images scaled by
``x / 127.5 - 1``; the model itself holds no rescaling layer.

The images come from the Debian package ``dataset-fashion-mnist``. A validation split is held
out from the training images. The weights written are those of the last epoch: neither the
validation images nor the test images choose them.
"""

from __future__ import annotations

import argparse
import gzip
import math
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
from numpy.typing import NDArray

PACKAGE = "dataset-fashion-mnist"
PACKAGE_FOLDER = Path("/usr/share/datasets/fashion-mnist")
# fmt: off
LABELS = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
    "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)
# fmt: on
SIDE = 28

# Each row: expansion factor (1: no expansion), output channels, number of blocks, stride of
# the first block. The image sides are 28, 14, 14, 7 and 4.
BLOCKS = ((1, 24, 1, 2), (4, 24, 1, 1), (4, 40, 2, 2), (4, 80, 3, 2))
STEM_CHANNELS = 16
HEAD_CHANNELS = 160

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]


class Split(NamedTuple):
    """Images (uint8, [N, 28, 28, 1]) and their labels (uint8, [N])."""

    x: Bytes
    y: Bytes

    def take(self, index: NDArray[np.intp]) -> Split:
        """Returns the examples at the given positions, in that order."""
        return Split(self.x[index], self.y[index])


def read_idx(path: Path) -> Bytes:
    """Reads one gzip-compressed IDX file of unsigned bytes.

    Raises:
        ValueError: The file is not an IDX file of unsigned bytes, or its size is wrong.
    """
    raw = gzip.decompress(path.read_bytes())
    if len(raw) < 4 or raw[:3] != b"\x00\x00\x08":
        raise ValueError(f"{path} is not an IDX file of unsigned bytes")
    start = 4 + 4 * raw[3]
    shape = tuple(int.from_bytes(raw[i : i + 4], "big") for i in range(4, start, 4))
    if len(raw) - start != math.prod(shape):
        raise ValueError(f"{path} says its shape is {shape} but holds {len(raw) - start} bytes")
    return np.frombuffer(raw, np.uint8, offset=start).reshape(shape)


def read_split(folder: Path, prefix: str) -> Split:
    """Reads the images and labels whose file names start with ``prefix``.

    Args:
        folder: Where the four files of Fashion-MNIST are.
        prefix: ``train`` or ``t10k``.

    Returns:
        The images and labels.

    Raises:
        FileNotFoundError: A file is missing.
        ValueError: A file does not hold what it should.
    """
    paths = (folder / f"{prefix}-images-idx3-ubyte.gz", folder / f"{prefix}-labels-idx1-ubyte.gz")
    for path in paths:
        if not path.is_file():
            raise FileNotFoundError(
                f"{path} not found. Install the Debian package: apt install {PACKAGE}, "
                "or name the folder that holds the files with --data."
            )
    x, y = (read_idx(path) for path in paths)
    if x.shape[1:] != (SIDE, SIDE) or y.shape != x.shape[:1]:
        raise ValueError(f"unexpected shapes in {folder}: images {x.shape}, labels {y.shape}")
    return Split(x[..., np.newaxis], y)


def scale(x: Bytes) -> Floats:
    """Maps bytes to the model's input range, [-1, 1]."""
    scaled: Floats = x.astype(np.float32) / np.float32(127.5) - np.float32(1.0)
    return scaled


class Batches(keras.utils.PyDataset):  # type: ignore[misc]
    """Shuffled, augmented and scaled training batches.

    Every image is padded with black, cropped back at a random offset, and mirrored half of
    the time. The random numbers depend only on the seed, the epoch and the batch. A last,
    smaller batch is left out.
    """

    def __init__(self, data: Split, batch_size: int, seed: int, shift: int) -> None:
        """Prepares batches that move images by up to ``shift`` pixels along each axis."""
        super().__init__()
        pad = ((0, 0), (shift, shift), (shift, shift), (0, 0))
        self._x = np.pad(data.x, pad)
        self._y = data.y
        self._batch_size = batch_size
        self._seed = seed
        self._shift = shift
        self._epoch = 0
        self._order = self._shuffled()

    def _shuffled(self) -> NDArray[np.intp]:
        rng = np.random.default_rng([self._seed, self._epoch])
        order: NDArray[np.intp] = rng.permutation(len(self._y))
        return order

    def __len__(self) -> int:
        """Returns the number of batches in an epoch."""
        return len(self._y) // self._batch_size

    def __getitem__(self, index: int) -> tuple[Floats, Bytes]:
        """Returns the images and labels of one batch."""
        rng = np.random.default_rng([self._seed, self._epoch, index + 1])
        chosen = self._order[index * self._batch_size :][: self._batch_size]
        offsets = rng.integers(0, 2 * self._shift + 1, (2, len(chosen), 1))
        rows, columns = offsets + np.arange(SIDE)
        mirrored = rng.random(len(chosen)) < 0.5
        columns[mirrored] = columns[mirrored, ::-1]
        x = self._x[chosen[:, None, None], rows[:, :, None], columns[:, None, :]]
        return scale(x), self._y[chosen]

    def on_epoch_end(self) -> None:
        """Shuffles again."""
        self._epoch += 1
        self._order = self._shuffled()


def conv_bn(x: Any, channels: int, name: str, kernel: int = 1, relu: bool = True) -> Any:
    """Applies a convolution without bias, batch normalisation and, if wanted, ReLU6."""
    conv = keras.layers.Conv2D(channels, kernel, padding="same", use_bias=False, name=f"{name}_conv")
    x = conv(x)
    x = keras.layers.BatchNormalization(name=f"{name}_bn")(x)
    return keras.layers.ReLU(max_value=6.0, name=f"{name}_relu6")(x) if relu else x


def inverted_residual(x: Any, expansion: int, channels: int, stride: int, name: str) -> Any:
    """Applies one MobileNetV2 block: expand, depthwise, linear projection, residual add."""
    y = conv_bn(x, expansion * x.shape[-1], f"{name}_expand") if expansion > 1 else x
    depthwise = keras.layers.DepthwiseConv2D(
        3, strides=stride, padding="same", use_bias=False, name=f"{name}_depthwise"
    )
    y = depthwise(y)
    y = keras.layers.BatchNormalization(name=f"{name}_depthwise_bn")(y)
    y = keras.layers.ReLU(max_value=6.0, name=f"{name}_depthwise_relu6")(y)
    y = conv_bn(y, channels, f"{name}_project", relu=False)
    if stride == 1 and x.shape[-1] == channels:
        y = keras.layers.Add(name=f"{name}_add")([x, y])
    return y


def build_model(dropout: float) -> keras.Model:
    """Builds the untrained network; ``dropout`` is the share of pooled features dropped."""
    inputs = keras.Input((SIDE, SIDE, 1), name="image")
    x = conv_bn(inputs, STEM_CHANNELS, "stem", kernel=3)
    number = 0
    for expansion, channels, repeats, first_stride in BLOCKS:
        for repeat in range(repeats):
            number += 1
            stride = first_stride if repeat == 0 else 1
            x = inverted_residual(x, expansion, channels, stride, f"block{number}")
    x = conv_bn(x, HEAD_CHANNELS, "head")
    x = keras.layers.GlobalAveragePooling2D(name="pool")(x)
    x = keras.layers.Dropout(dropout, name="dropout")(x)
    outputs = keras.layers.Dense(len(LABELS), activation="softmax", name="probabilities")(x)
    return keras.Model(inputs, outputs, name="fashion_mnist_mobilenet_v2")


def balanced(y: Bytes, count: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Picks positions with equally many examples of every class, shuffled.

    Args:
        y: The labels to pick from.
        count: How many to pick; a multiple of the number of classes.
        rng: Source of randomness.

    Returns:
        The positions picked.
    """
    share = count // len(LABELS)
    picks = [rng.choice(np.flatnonzero(y == c), share, replace=False) for c in range(len(LABELS))]
    picked: NDArray[np.intp] = rng.permutation(np.concatenate(picks))
    return picked


def report(model: keras.Model, data: Split, name: str) -> None:
    """Prints the accuracy of the model on some images, with the counts."""
    guesses = model.predict(scale(data.x), batch_size=500, verbose=0).argmax(axis=1)
    right = int((guesses == data.y).sum())
    print(f"{name}: {right}/{len(data.y)} = {right / len(data.y):.2%}")


def train(data: Split, validation: Split, args: argparse.Namespace) -> keras.Model:
    """Trains the network and returns it uncompiled, without optimizer state."""
    batches = Batches(data, args.batch_size, args.seed, args.shift)
    steps = len(batches) * args.epochs
    warmup = steps // 20
    rate = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=args.learning_rate / 10,
        decay_steps=max(1, steps - warmup),
        warmup_target=args.learning_rate,
        warmup_steps=warmup,
    )
    optimizer = keras.optimizers.AdamW(rate, weight_decay=args.weight_decay)
    model = build_model(args.dropout)
    model.compile(optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    held_out = (scale(validation.x), validation.y)
    model.fit(batches, epochs=args.epochs, validation_data=held_out, verbose=2)
    plain = build_model(args.dropout)
    plain.set_weights(model.get_weights())
    return plain


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parses the command line."""
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description="Train the Fashion-MNIST example model.")
    add = parser.add_argument
    add("--data", type=Path, default=PACKAGE_FOLDER, help="folder of the IDX .gz files")
    add("--out", type=Path, default=here, help="folder to write to (default: the script's)")
    add("--epochs", type=int, default=14)
    add("--batch-size", type=int, default=200)
    add("--learning-rate", type=float, default=4e-3, help="peak; decays to 0 along a cosine")
    add("--weight-decay", type=float, default=0.02)
    add("--dropout", type=float, default=0.1)
    add("--shift", type=int, default=2, help="largest random shift, in pixels")
    add("--validation", type=int, default=5000, help="training images held out")
    add("--test-images", type=int, default=5000, help="test images to bundle")
    add("--calibration-images", type=int, default=300, help="a multiple of 10")
    add("--seed", type=int, default=1)
    args = parser.parse_args(argv)
    if args.calibration_images % len(LABELS):
        parser.error(f"--calibration-images must be a multiple of {len(LABELS)}")
    return args


def main(argv: Sequence[str] | None = None) -> int:
    """Trains the model and writes the example's files."""
    args = parse_args(argv)
    try:
        known, test = read_split(args.data, "train"), read_split(args.data, "t10k")
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    keras.utils.set_random_seed(args.seed)
    rng = np.random.default_rng(args.seed)
    order = rng.permutation(len(known.y))
    validation, data = known.take(order[: args.validation]), known.take(order[args.validation :])
    calibration = data.take(balanced(data.y, args.calibration_images, rng))
    bundled = Split(test.x[: args.test_images], test.y[: args.test_images])

    started = time.monotonic()
    model = train(data, validation, args)
    print(f"trained in {time.monotonic() - started:.0f} s, {model.count_params()} parameters")

    args.out.mkdir(parents=True, exist_ok=True)
    model.save(args.out / "model.keras")
    np.savez_compressed(args.out / "test.npz", x=bundled.x, y=bundled.y)
    np.savez_compressed(args.out / "calibration.npz", x=calibration.x, y=calibration.y)
    (args.out / "labels.txt").write_text("\n".join(LABELS) + "\n", encoding="utf-8")

    model = keras.models.load_model(args.out / "model.keras")
    report(model, validation, "validation (held out from the training set)")
    report(model, bundled, f"test, first {len(bundled.y)} images (test.npz)")
    report(model, test, "test, all images")
    return 0


if __name__ == "__main__":
    sys.exit(main())
