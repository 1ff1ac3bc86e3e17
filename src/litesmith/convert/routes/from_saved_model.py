"""`TFLiteConverter.from_saved_model` on the user's SavedModel as it is, with the batch its signature has."""

from __future__ import annotations

from pathlib import Path

from litesmith.convert.routes.route import Draft, Route
from litesmith.core.open_source import OpenModel


def _run(model: OpenModel, folder: Path, batch: int | None) -> Draft:  # noqa: ARG001 - the signature of every route
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_saved_model(str(model.path), signature_keys=[model.signature])
    inputs, outputs = model.signature_keys
    return Draft(data=bytes(converter.convert()), inputs=inputs, outputs=outputs)


FROM_SAVED_MODEL = Route(name="from_saved_model", applies=lambda model: bool(model.signature), run=_run)
