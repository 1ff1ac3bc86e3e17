"""The TF1-style converter, which takes SavedModels that the TF2 one refuses.

Some fail there with `'_UserObject' object has no attribute 'add_slot'`. It leaves no signature; the caller adds one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from litesmith.convert.rungs.rung import Draft, Rung
from litesmith.convert.rungs.shapes import with_batch
from litesmith.core.open_source import OpenModel


def _tensor_names(model: OpenModel) -> tuple[list[str], list[str]]:
    """Return the graph's names of the signature's inputs and outputs, in the model's order."""
    from tensorflow.python.saved_model import loader_impl

    saved: Any = loader_impl.parse_saved_model(str(model.path))
    definition = next(
        graph.signature_def[model.signature]
        for graph in saved.meta_graphs
        if model.signature in graph.signature_def and "serve" in graph.meta_info_def.tags
    )
    inputs, outputs = model.signature_keys
    return [definition.inputs[key].name for key in inputs], [definition.outputs[key].name for key in outputs]


def _run(model: OpenModel, folder: Path, batch: int | None) -> Draft:  # noqa: ARG001 - the signature of every rung
    import tensorflow as tf

    inputs, outputs = (tuple(name.removesuffix(":0") for name in names) for names in _tensor_names(model))
    shapes = {name: with_batch(spec, batch) for name, spec in zip(inputs, model.inputs, strict=True)}
    converter = tf.compat.v1.lite.TFLiteConverter.from_saved_model(
        str(model.path),
        input_arrays=list(inputs),
        input_shapes=shapes,
        output_arrays=list(outputs),
        signature_key=model.signature,
    )
    return Draft(data=bytes(converter.convert()), inputs=inputs, outputs=outputs)


TF1_CONVERTER = Rung(
    name="tf1_converter",
    title="the TensorFlow 1 converter",
    why="It reads the graph alone, where TensorFlow 2 cannot rebuild the SavedModel's objects.",
    applies=lambda model, batch: bool(model.signature),  # noqa: ARG005 - a rung is asked with a batch too
    run=_run,
)
