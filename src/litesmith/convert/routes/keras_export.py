"""Keras' own export of the model as a SavedModel. Slower than `wrapped`; knows resources that variables do not show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from litesmith.convert.routes.identifiers import identifiers
from litesmith.convert.routes.route import Draft, Route
from litesmith.convert.routes.shapes import with_batch
from litesmith.convert.routes.wrapped import convert_saved
from litesmith.core.open_source import OpenModel


def _archive(model: OpenModel) -> Any:
    """Return the ExportArchive of the Keras that the model belongs to."""
    if any(base.__module__.startswith("tf_keras.") for base in type(model.keras).__mro__):
        import tf_keras

        return tf_keras.export.ExportArchive()
    import keras

    return keras.export.ExportArchive()


def _run(model: OpenModel, folder: Path, batch: int | None) -> Draft:
    import tensorflow as tf

    inputs = identifiers([spec.name for spec in model.inputs])
    outputs = identifiers([spec.name for spec in model.outputs])

    def serve(*tensors: Any) -> dict[str, Any]:
        return dict(zip(outputs, model.call(tensors), strict=True))

    archive = _archive(model)
    archive.track(model.keras)
    signature = [
        tf.TensorSpec(with_batch(spec, batch), spec.dtype, name=name)
        for spec, name in zip(model.inputs, inputs, strict=True)
    ]
    archive.add_endpoint(name="serving_default", fn=serve, input_signature=signature)
    archive.write_out(str(folder))
    return Draft(data=convert_saved(folder), inputs=tuple(inputs), outputs=tuple(outputs))


KERAS_EXPORT = Route(name="keras_export", applies=lambda model: model.keras is not None, run=_run)
