"""`TFLiteConverter.from_keras_model`. Its batch is dynamic, whatever was asked for, unless the model's own is fixed."""

from __future__ import annotations

from pathlib import Path

from litesmith.convert.routes.identifiers import identifiers
from litesmith.convert.routes.route import Draft, Route
from litesmith.core.open_source import OpenModel


def _run(model: OpenModel, folder: Path, batch: int | None) -> Draft:  # noqa: ARG001 - the signature of every route
    import tensorflow as tf

    data = bytes(tf.lite.TFLiteConverter.from_keras_model(model.keras).convert())
    inputs = identifiers([spec.name for spec in model.inputs])
    outputs = identifiers([spec.name for spec in model.outputs])
    return Draft(data=data, inputs=tuple(inputs), outputs=tuple(outputs))


FROM_KERAS = Route(name="from_keras_model", applies=lambda model: model.keras is not None, run=_run)
