"""`TFLiteConverter.from_keras_model`. Its batch is dynamic, whatever was asked for, unless the model's own is fixed."""

from __future__ import annotations

from pathlib import Path

from litesmith.convert.rungs.identifiers import identifiers
from litesmith.convert.rungs.rung import Draft, Rung
from litesmith.convert.rungs.shapes import as_it_is
from litesmith.core.open_source import OpenModel


def _run(model: OpenModel, folder: Path, batch: int | None) -> Draft:  # noqa: ARG001 - the signature of every rung
    import tensorflow as tf

    data = bytes(tf.lite.TFLiteConverter.from_keras_model(model.keras).convert())
    inputs = identifiers([spec.name for spec in model.inputs])
    outputs = identifiers([spec.name for spec in model.outputs])
    numbered = [f"output_{i}" for i in range(len(outputs))]  # as Keras 3 exports a model without names of its own
    if set(numbered) == _output_keys(data):
        outputs = numbered
    return Draft(data=data, inputs=tuple(inputs), outputs=tuple(outputs))


def _output_keys(data: bytes) -> set[str]:
    from tensorflow.lite.python import schema_py_generated as schema

    signatures = schema.ModelT.InitFromPackedBuf(data, 0).signatureDefs or []
    return {entry.name.decode() for signature in signatures[:1] for entry in signature.outputs}


FROM_KERAS = Rung(
    name="from_keras_model",
    title="TensorFlow's converter for Keras models",
    why="It freezes the model by itself and optimizes the graph before it converts.",
    applies=lambda model, batch: model.keras is not None and as_it_is(model, batch),
    run=_run,
)
