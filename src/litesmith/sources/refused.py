"""The error for a source that is not opened, with its cause in the catalogue."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from litesmith.core.errors import SourceError
from litesmith.diagnosis.catalogue import diagnose, recognise
from litesmith.diagnosis.cause import Evidence, Layer, Stage

_FUNCTIONS = ("activation", "function", "initializer", "regularizer", "constraint")


def refused(message: str, *, hint: str, text: str = "", layers: Sequence[Layer] = ()) -> SourceError:
    """Build the error.

    Args:
        message: What a person reads.
        hint: What to type or change next.
        text: The whole error of TensorFlow or Keras, where it is theirs. An unknown one is shown whole.
        layers: The user's layers, as far as known.
    """
    evidence = Evidence(text=text or message, stage=Stage.OPENING, layers=tuple(layers))
    return SourceError(message, hint=hint, diagnosis=diagnose(evidence) if text else recognise(evidence))


def config_layers(config: Any) -> tuple[Layer, ...]:
    """Return the layers that a Keras configuration lists, in its order; the model itself is not among them."""
    return tuple(dict.fromkeys(_layers(config)))


def _layers(node: Any) -> Iterator[Layer]:
    if isinstance(node, dict):
        inner = node.get("config")
        listed = inner.get("layers") if isinstance(inner, dict) else None
        for layer in listed if isinstance(listed, list) else []:
            name = layer.get("config", {}).get("name") if isinstance(layer, dict) else None
            if isinstance(name, str) and isinstance(layer.get("class_name"), str):
                kind = layer["class_name"].split(">")[-1]
                yield Layer(name=name, kind=kind, functions=tuple(dict.fromkeys(_functions(layer["config"]))))
            yield from _layers(layer)


def _functions(config: Any) -> Iterator[str]:
    """Yield the names of functions in a layer's configuration, less those of layers inside it."""
    for key, value in config.items() if isinstance(config, dict) else ():
        inner = value.get("config") if isinstance(value, dict) and value.get("class_name") == "function" else value
        if isinstance(inner, str) and key.endswith(_FUNCTIONS):
            yield inner.split(">")[-1]
