"""The sound models that are damaged: small, of every kind of quantization, by both converters.

python tests/fuzz/corpus.py FOLDER     makes those that need TensorFlow
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
SCHEMES = ("int8", "dynamic_int8", "float16", "int16x8", "weight_only_int8", "dynamic_int4")


def write_plain(folder: Path) -> list[Path]:
    """Write the models that need no TensorFlow; milliseconds each, but for a second of starting a process."""
    from sample_sets import pictures, sample_set
    from tiny_tflite import write_cnn, write_two_inputs

    from litesmith.core.isolated import Pool
    from litesmith.quantize.calibrators.min_max import range_of
    from litesmith.quantize.collect import collect, ranges_of

    folder.mkdir(parents=True, exist_ok=True)
    cnn = write_cnn(folder / "cnn.tflite")
    sine = write_cnn(folder / "sine.tflite", sine=True)
    made = [cnn, sine, write_cnn(folder / "any.tflite", dynamic=True), write_two_inputs(folder / "two.tflite")]
    made.append(_described(cnn, folder / "described.tflite"))
    with Pool(1, "the model") as pool:
        samples = sample_set(folder / "samples", pictures(16))
        for source, schemes in ((cnn, SCHEMES), (sine, ("int8",))):
            activations = collect(source, samples, pool=pool)
            for scheme in schemes:
                out = folder / f"{source.stem}_{scheme}.tflite"
                ranges = ranges_of(activations, range_of, bits=16 if scheme == "int16x8" else 8)
                call = {"float_model": source, "out": out, "scheme": scheme, "ranges": ranges}
                pool.map("litesmith.quantize.build:build", [call])
                made.append(out)
    return made


def _described(model: Path, out: Path) -> Path:
    """Write a model with metadata and an attached file of labels."""
    from litesmith.core.model_metadata import ColorSpace, Content, FileCard, FileKind, MetadataCard, TensorCard
    from litesmith.runtime.metadata_placing import place_metadata
    from litesmith.runtime.model_metadata import pack_card

    image = TensorCard(name="image", content=Content.IMAGE, color_space=ColorSpace.RGB, mean=(1.0,), std=(2.0,))
    scores = TensorCard(name="scores", files=(FileCard(name="labels.txt", kind=FileKind.AXIS_LABELS),))
    card = MetadataCard(name="described", inputs=(image,), outputs=(scores,))
    place_metadata(model, out, pack_card(card), [("labels.txt", b"a\nb\nc\nd\ne\n")])
    return out


def write_all(folder: Path) -> list[Path]:
    """Write every model, with TensorFlow in a process of its own."""
    made = write_plain(folder)
    subprocess.run([sys.executable, __file__, str(folder)], check=True, capture_output=True)
    return [*made, *sorted(folder.glob("tf_*.tflite"))]


def _write_converted(folder: Path) -> None:
    import numpy as np
    import tensorflow as tf

    class Loop(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.kernel = tf.Variable(np.eye(4, dtype=np.float32) * 0.5)
            self.count = tf.Variable(0.0)

        @tf.function(input_signature=[tf.TensorSpec([1, 4], tf.float32), tf.TensorSpec([], tf.int32)])
        def turned(self, state: tf.Tensor, turns: tf.Tensor) -> dict[str, tf.Tensor]:
            _, state = tf.while_loop(
                lambda i, _: i < turns, lambda i, s: (i + 1, tf.tanh(s @ self.kernel)), (tf.constant(0), state)
            )
            return {"state": tf.cond(tf.reduce_sum(state) > 0, lambda: state, lambda: -state)}

        @tf.function(input_signature=[tf.TensorSpec([1, 4], tf.float32)])
        def counted(self, state: tf.Tensor) -> dict[str, tf.Tensor]:
            self.count.assign_add(1.0)
            return {"sum": tf.reduce_sum(state) + self.count}

    loop = Loop()
    tf.saved_model.save(loop, str(folder / "loop"), {"turned": loop.turned, "counted": loop.counted})

    def pictures() -> object:
        for row in np.random.default_rng(0).random((8, 1, 8, 8, 3), dtype=np.float32):
            yield [row]

    image = tf.keras.Input((8, 8, 3), batch_size=1)
    values = tf.keras.layers.SeparableConv2D(4, 3, activation="relu")(image)
    values = tf.keras.layers.Conv2DTranspose(2, 3, strides=2)(values)
    values = tf.keras.ops.sin(tf.keras.layers.GlobalAveragePooling2D()(values))
    wide = tf.keras.layers.Dense(32)(tf.keras.layers.Dense(64, activation="relu")(values))  # enough for dynamic range
    sine = tf.keras.Model(image, tf.keras.layers.Dense(3, activation="softmax")(wide))
    steps = tf.keras.Input((5, 3), batch_size=1)
    recurrent = tf.keras.Model(steps, tf.keras.layers.Dense(2)(tf.keras.layers.LSTM(3)(steps)))
    converters = {
        "loop": tf.lite.TFLiteConverter.from_saved_model(str(folder / "loop")),
        "sine": tf.lite.TFLiteConverter.from_keras_model(sine),
        "sine_int8": tf.lite.TFLiteConverter.from_keras_model(sine),
        "sine_dynamic": tf.lite.TFLiteConverter.from_keras_model(sine),
        "lstm": tf.lite.TFLiteConverter.from_keras_model(recurrent),
        "flex": tf.lite.TFLiteConverter.from_concrete_functions(
            [tf.function(tf.linalg.det).get_concrete_function(tf.TensorSpec([2, 2], tf.float32))]
        ),
    }
    for name, converter in converters.items():
        if name in ("flex", "loop"):
            converter.target_spec.supported_ops = [
                tf.lite.OpsSet.TFLITE_BUILTINS, tf.lite.OpsSet.SELECT_TF_OPS
            ]  # fmt: skip
        if name in ("sine_int8", "sine_dynamic"):
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if name == "sine_int8":
            converter.representative_dataset = pictures
            converter.inference_input_type = converter.inference_output_type = tf.int8
        (folder / f"tf_{name}.tflite").write_bytes(converter.convert())


if __name__ == "__main__":
    _write_converted(Path(sys.argv[1]))
