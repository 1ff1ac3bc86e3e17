"""The baseline of `deploy`: three TFLiteConverter conversions, then a batch-1 loop per variant over the same samples.

Written as the usual script is: TensorFlow in this process, each variant converted from the model again, samples
decoded for each variant. Prints one JSON object with its wall times.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from litesmith.core.preprocessing import normalize, preset


def samples(source: Path, size: tuple[int, int], name: str) -> Iterator[np.ndarray]:
    """Yield samples float32 [1, ...] of a folder with labels.csv or of an .npz."""
    record = preset(name)
    if source.is_file():
        for row in np.load(source)["x"]:
            values = row[None]
            yield normalize(values[..., None] if values.ndim == 3 and len(size) == 2 else values, record)
        return
    from PIL import Image

    folder = source / "images" if (source / "images").is_dir() else source
    for line in (source / "labels.csv").read_text().splitlines()[1:]:
        with Image.open(folder / line.rsplit(",", 1)[0]) as image:
            pixels = np.asarray(image.convert("RGB").resize(size[::-1], Image.Resampling.BILINEAR))
        yield normalize(pixels[None], record)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("calibrate", type=Path)
    parser.add_argument("--preprocess", default="raw")
    options = parser.parse_args()
    begun = time.perf_counter()
    import tensorflow as tf

    def converter() -> object:
        if options.model.is_dir():
            return tf.compat.v1.lite.TFLiteConverter.from_saved_model(str(options.model))
        import keras
        import tf_keras

        try:
            loaded = keras.saving.load_model(options.model, compile=False)
        except (TypeError, ValueError):
            loaded = tf_keras.models.load_model(options.model, compile=False)
        size[:] = list(loaded.input_shape[1:3])
        return tf.lite.TFLiteConverter.from_keras_model(loaded)

    size: list[int] = [0, 0]
    times: dict[str, float] = {"import": time.perf_counter() - begun}
    for variant in ("float32", "dynamic", "int8"):
        started = time.perf_counter()
        conversion = converter()
        if variant != "float32":
            conversion.optimizations = [tf.lite.Optimize.DEFAULT]
        if variant == "int8":
            conversion.representative_dataset = lambda: (
                [x] for x in samples(options.calibrate, (size[0], size[1]), options.preprocess)
            )
            conversion.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
            conversion.inference_input_type = conversion.inference_output_type = tf.int8
        model = conversion.convert()
        times[f"convert {variant}"] = time.perf_counter() - started
        started = time.perf_counter()
        interpreter = tf.lite.Interpreter(model_content=model)
        interpreter.allocate_tensors()
        fed, answered = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
        count = 0
        for x in samples(options.data, (size[0], size[1]), options.preprocess):
            value = x
            if fed["dtype"] == np.int8:
                scale, zero = fed["quantization"]
                value = np.clip(np.round(x / scale) + zero, -128, 127).astype(np.int8)
            interpreter.set_tensor(fed["index"], value)
            interpreter.invoke()
            interpreter.get_tensor(answered["index"]).argmax()
            count += 1
        times[f"loop {variant}"] = time.perf_counter() - started
    print(json.dumps({"total_s": time.perf_counter() - begun, "samples": count, "parts_s": times}))


if __name__ == "__main__":
    main()
