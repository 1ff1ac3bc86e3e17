"""The baseline of `convert`: one conversion by the plain route, and a comparison of the answers.

Written as a script that knows its model would be: no other route, no process of its own, no diagnosis.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np


def loaded(path: Path) -> Any:
    """Return a Keras model, of Keras 2 where Keras 3 cannot open it."""
    import keras

    try:
        return keras.saving.load_model(path, compile=False)
    except (TypeError, ValueError):
        import tf_keras

        return tf_keras.models.load_model(path, compile=False)


def main(source: Path, out: Path) -> None:
    import tensorflow as tf
    from ai_edge_litert.interpreter import Interpreter

    with tempfile.TemporaryDirectory() as folder:
        if source.is_dir():
            serve, saved = tf.saved_model.load(str(source)).signatures["serving_default"], str(source)
            (shape,) = [spec.shape.as_list() for spec in serve.structured_input_signature[1].values()]
        else:
            model = loaded(source)
            shape, saved = [1, *model.input_shape[1:]], str(Path(folder) / "saved")
            module = tf.Module()
            module.model = model
            serve = tf.function(lambda x: {"y": model(x, training=False)})
            concrete = serve.get_concrete_function(tf.TensorSpec(shape, tf.float32, name="x"))
            tf.saved_model.save(module, saved, {"serving_default": concrete})
        out.write_bytes(tf.lite.TFLiteConverter.from_saved_model(saved).convert())
    interpreter = Interpreter(model_path=str(out))
    interpreter.allocate_tensors()
    runner = interpreter.get_signature_runner()
    (name,) = runner.get_input_details()
    for row in np.random.default_rng(0).random((4, 1, *shape[1:]), np.float32):
        (ours,), (theirs,) = runner(**{name: row}).values(), serve(tf.constant(row)).values()
        print(float(np.abs(ours - theirs.numpy()).max()))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
