"""The usual way to int8, in a process of its own: TFLiteConverter with a representative dataset. Prints its times.

python benchmarks/int8_tensorflow.py MODEL VALUES.npy OUT.tflite [--per-tensor]
"""

from __future__ import annotations

import argparse
import json
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from litesmith.sources.legacy_config import cleaned, with_config


def ways(model: Path) -> list[Callable[[], Any]]:
    """Return functions that open the model for conversion, the usual one first."""
    import tensorflow as tf

    if model.is_dir():
        old = tf.compat.v1.lite.TFLiteConverter
        return [lambda: tf.lite.TFLiteConverter.from_saved_model(str(model)), lambda: old.from_saved_model(str(model))]
    loaded = _loaded(model)
    return [lambda: tf.lite.TFLiteConverter.from_keras_model(loaded)]


def _loaded(model: Path) -> Any:
    """Return a Keras model, whether Keras 2 wrote the file, this Keras 3, or a newer one."""
    import keras
    import tf_keras

    try:
        return keras.saving.load_model(model, compile=False)
    except (TypeError, ValueError):
        if not zipfile.is_zipfile(model):
            return tf_keras.models.load_model(model, compile=False)
    with zipfile.ZipFile(model) as archive:
        config, metadata = (json.loads(archive.read(name)) for name in ("config.json", "metadata.json"))
    if metadata["keras_version"].startswith("2."):
        return tf_keras.models.load_model(model, compile=False)
    with with_config(model, cleaned(config)[0]) as path:
        return keras.saving.load_model(path, compile=False)


def int8(conversion: Any, values: np.ndarray, *, per_tensor: bool) -> bytes:
    """Return the full-integer model, inputs and outputs int8."""
    import tensorflow as tf

    conversion.optimizations = [tf.lite.Optimize.DEFAULT]
    conversion.representative_dataset = lambda: ([values[row : row + 1]] for row in range(len(values)))
    conversion.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    conversion.inference_input_type = conversion.inference_output_type = tf.int8
    if per_tensor:
        conversion._experimental_disable_per_channel = True
        conversion._experimental_disable_per_channel_quantization_for_dense_layers = True
    return bytes(conversion.convert())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=Path)
    parser.add_argument("values", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--per-tensor", action="store_true")
    options = parser.parse_args()
    values = np.load(options.values)
    begun = time.perf_counter()
    open_ways = ways(options.model)
    opened = time.perf_counter()
    for last, way in enumerate(open_ways, start=1):
        try:
            converted = int8(way(), values, per_tensor=options.per_tensor)
            break
        except Exception:
            if last == len(open_ways):
                raise
    options.out.write_bytes(converted)
    print(json.dumps({"open_s": opened - begun, "seconds": time.perf_counter() - opened, "way": last}))


if __name__ == "__main__":
    main()
