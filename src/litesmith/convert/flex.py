"""Which of TensorFlow's own operators a .tflite holds, and what they ask of an app."""

from __future__ import annotations

from collections.abc import Sequence

from litesmith.convert.made_answers import flex_name
from litesmith.core.conversion import SelectOps
from litesmith.diagnosis.cause import Layer

APP_BYTES = 98_673_560
"""libtensorflowlite_flex_jni.so for arm64-v8a in tensorflow-lite-select-tf-ops-2.14.0.aar, uncompressed; 29,334,840
bytes as compressed in the archive. Measured on the file from Maven Central."""
DEPENDENCY = "org.tensorflow:tensorflow-lite-select-tf-ops"
AVOID = (
    "Replace these operators by ones that TFLite has (https://ai.google.dev/edge/litert/conversion/tensorflow/"
    "ops_compatibility), or cut the model before them and compute that part in the app."
)


def select_ops(data: bytes, layers: Sequence[Layer], known: Sequence[str]) -> SelectOps | None:
    """Return what a .tflite needs of TensorFlow, read from the file; None when it needs nothing.

    Args:
        data: The file.
        layers: The user's layers, in the order of the model.
        known: Where the operators come from, as far as the diagnosis of the plain way says, for files whose tensors
            do not tell.
    """
    from tensorflow.lite.python import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(data, 0)
    ops: list[str] = []
    names: list[str] = []
    for graph in model.subgraphs:
        for operator in graph.operators or []:
            name = flex_name(model, operator)
            if not name:
                continue
            ops.append(name)
            names += [_text(graph.tensors[int(i)].name) for i in operator.outputs]
    if not ops:
        return None
    parts = {part for name in names for part in name.replace(";", "/").replace(":", "/").split("/")}
    found = [f"{layer.name} ({layer.kind})" for layer in layers if _stands_in(layer.name, parts)]
    return SelectOps(
        ops=tuple(f"tf.{op}" for op in dict.fromkeys(ops)),
        layers=tuple(found) or tuple(known),
        app_bytes=APP_BYTES,
        dependency=DEPENDENCY,
        avoid=AVOID,
    )


def _stands_in(name: str, parts: set[str]) -> bool:
    """Tell whether a layer's name is one of the parts; Keras 3 adds a `_1` when it calls a layer again."""
    return name in parts or f"{name}_1" in parts


def _text(value: bytes | str | None) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value or "")
