"""TensorFlow's own operators (select TF ops, Flex) where TFLite has none: the app must then bring TensorFlow along."""

from __future__ import annotations

import shutil
from pathlib import Path

from litesmith.convert.rungs import keras_export, wrapped
from litesmith.convert.rungs.rung import Draft, Rung
from litesmith.core.open_source import OpenModel


def _run(model: OpenModel, folder: Path, batch: int | None) -> Draft:
    try:
        inputs, outputs = wrapped.save(model, folder, batch)
    except AssertionError:  # a table that is not among the variables
        if model.keras is None:
            raise
        shutil.rmtree(folder, ignore_errors=True)
        inputs, outputs = keras_export.save(model, folder, batch)
    try:
        data = _converted(folder, lower_lists=True)
    except Exception:
        # Lists that cannot be made TFLite's own stay TensorFlow's.
        data = _converted(folder, lower_lists=False)
    return Draft(data=data, inputs=inputs, outputs=outputs)


def _converted(folder: Path, *, lower_lists: bool) -> bytes:
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_saved_model(str(folder), signature_keys=["serving_default"])
    # `supported_types` must stay as it is: any value there drops SELECT_TF_OPS without a word.
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS, tf.lite.OpsSet.SELECT_TF_OPS]
    converter._experimental_lower_tensor_list_ops = lower_lists
    return bytes(converter.convert())


ALLOW = "--allow-select-tf-ops"

SELECT_TF_OPS = Rung(
    name="select_tf_ops",
    title="with TensorFlow's own operators (select TF ops)",
    why="An operator has no TFLite kernel; the app can run TensorFlow's, if it ships it.",
    applies=lambda model, batch: True,  # noqa: ARG005 - a rung is asked with a model
    run=_run,
    cures=frozenset({"dynamic_batch_recurrent"}),
    offer=f"it converts with {ALLOW}",
)
