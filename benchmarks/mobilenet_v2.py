"""Writes MobileNetV2 with random weights as float32 and int8 .tflite into a folder, for the audit's measurements."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np


def samples() -> Iterator[list[np.ndarray]]:
    """Yield a few random images."""
    for row in np.random.default_rng(0).uniform(-1, 1, (4, 1, 224, 224, 3)).astype(np.float32):
        yield [row]


def main(folder: Path) -> None:
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(0)
    model = keras.applications.MobileNetV2(weights=None)
    model.export(folder / "saved", verbose=False)
    for name in ("float32", "int8"):
        converter = tf.lite.TFLiteConverter.from_saved_model(str(folder / "saved"))
        if name == "int8":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.representative_dataset = samples
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
            converter.inference_input_type = converter.inference_output_type = tf.int8
        (folder / f"mobilenet_v2_{name}.tflite").write_bytes(converter.convert())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
