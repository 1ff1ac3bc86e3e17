"""Variants of a tiny classifier by TensorFlow's own converter, built in a worker process."""

from __future__ import annotations

from pathlib import Path


def save_converted(folder: Path) -> None:
    """Write `float32`, `float16`, `dynamic`, `int8`, `int8_io` and `int16x8.tflite`, and `int8_sine` with a SIN."""
    import numpy as np
    import tensorflow as tf
    import tiny_models

    cnn = tiny_models._cnn(tf.keras, size=8)
    inner = tf.keras.layers.Lambda(tf.sin, name="wave")(cnn.layers[-2].output)
    sine = tf.keras.Model(cnn.inputs, tf.keras.layers.Dense(2048, name="wide")(inner))
    wide = tf.keras.Model(cnn.inputs, tf.keras.layers.Dense(2048, name="wide")(cnn.layers[-2].output))
    samples = np.random.default_rng(0).random((8, 1, 8, 8, 3), dtype=np.float32)
    ops = tf.lite.OpsSet
    for name in ("float32", "float16", "dynamic", "int8", "int8_io", "int16x8", "int8_sine"):
        converter = tf.lite.TFLiteConverter.from_keras_model(sine if name == "int8_sine" else wide)
        if name != "float32":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if name == "float16":
            converter.target_spec.supported_types = [tf.float16]
        if name.startswith("int"):
            converter.representative_dataset = lambda: ([sample] for sample in samples)
            converter.target_spec.supported_ops = [ops.TFLITE_BUILTINS_INT8, ops.TFLITE_BUILTINS]
        if name == "int16x8":
            int16 = ops.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
            converter.target_spec.supported_ops = [int16]
        if name == "int8_io":
            converter.inference_input_type = converter.inference_output_type = tf.uint8
        (folder / f"{name}.tflite").write_bytes(converter.convert())
