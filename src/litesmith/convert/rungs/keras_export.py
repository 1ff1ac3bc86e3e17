"""Keras' own export of the model as a SavedModel. Slower than `wrapped`; knows resources that variables do not show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from litesmith.convert.rungs.identifiers import identifiers
from litesmith.convert.rungs.rung import Draft, Rung
from litesmith.convert.rungs.shapes import with_batch
from litesmith.convert.rungs.wrapped import convert_saved
from litesmith.core.open_source import OpenModel


def _archive(model: OpenModel) -> Any:
    """Return the ExportArchive of the Keras that the model belongs to."""
    if any(base.__module__.startswith("tf_keras.") for base in type(model.keras).__mro__):
        import tf_keras

        return tf_keras.export.ExportArchive()
    import keras

    return keras.export.ExportArchive()


def save(model: OpenModel, folder: Path, batch: int | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Export the model at a batch size; return its keys of inputs and outputs."""
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
    return tuple(inputs), tuple(outputs)


def _run(model: OpenModel, folder: Path, batch: int | None) -> Draft:
    inputs, outputs = save(model, folder, batch)
    return Draft(data=convert_saved(folder), inputs=inputs, outputs=outputs)


KERAS_EXPORT = Rung(
    name="keras_export",
    title="Keras' own export",
    why="It saves what the model holds beside its variables, such as lookup tables.",
    applies=lambda model, batch: model.keras is not None,  # noqa: ARG005 - a rung is asked with a batch too
    run=_run,
    cures=frozenset({"lookup_table"}),
)
