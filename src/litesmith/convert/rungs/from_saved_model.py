"""`TFLiteConverter.from_saved_model` on the user's SavedModel as it is, with the batch its signature has."""

from __future__ import annotations

from pathlib import Path

from litesmith.convert.rungs.rung import Draft, Rung
from litesmith.convert.rungs.shapes import as_it_is
from litesmith.core.open_source import OpenModel


def _run(model: OpenModel, folder: Path, batch: int | None) -> Draft:  # noqa: ARG001 - the signature of every rung
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_saved_model(str(model.path), signature_keys=[model.signature])
    inputs, outputs = model.signature_keys
    return Draft(data=bytes(converter.convert()), inputs=inputs, outputs=outputs)


FROM_SAVED_MODEL = Rung(
    name="from_saved_model",
    title="the SavedModel as it is",
    why="A SavedModel that cannot be saved again may still convert as it stands.",
    applies=lambda model, batch: bool(model.signature) and as_it_is(model, batch),
    run=_run,
)
