"""A SavedModel folder, written by TensorFlow 1 or 2 or by Keras' `model.export()`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from litesmith.core.open_source import OpenModel
from litesmith.core.source import Source
from litesmith.core.tensors import TensorSpec
from litesmith.sources.other_kinds import another_kind
from litesmith.sources.refused import refused

_SERVING = "serving_default"
_INTERNAL = "__saved_model"
_BYTES = re.compile(r"\bb'([^']*)'")
_NUMBERS = re.compile(r"(\d+)")


def _recognise(path: Path) -> bool:
    graphs = [path / name for name in ("saved_model.pb", "saved_model.pbtxt") if (path / name).is_file()]
    return any(another_kind(graph) is None for graph in graphs)


def _damage(path: Path) -> str:
    graph = path / "saved_model.pb"
    if graph.is_file():
        size = graph.stat().st_size
        if size == 0:
            return "its saved_model.pb is empty"
        with graph.open("rb") as file:
            end = _declared_end(file.read(64), size)
        if end > size:
            return f"its saved_model.pb has {size} bytes and should have {end}"
    variables = path / "variables"
    if (variables / "variables.index").is_file() and not any(variables.glob("variables.data-*")):
        return "variables/variables.data-* is missing"
    return ""


def _declared_end(head: bytes, size: int) -> int:
    """Return where the first meta graph ends; protobuf: field 1 is the version, field 2 the graph with its length."""
    at = 0
    while at < len(head):
        tag, at = _varint(head, at)
        value, at = _varint(head, at)
        if tag == 0x12:
            return at + value
        if tag != 0x08:
            break
    return size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data):
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            break
    return value, at


def open_model(path: Path) -> OpenModel:
    """Open the SavedModel's serving signature in the TensorFlow process.

    Raises:
        SourceError: TensorFlow refuses it, or it has no signature to run.
    """
    loaded, actions = _load(path)
    name, more = _choose(path, loaded.signatures)
    function = loaded.signatures[name]
    arguments, keywords = function.structured_input_signature
    inputs = {spec.name: spec for spec in arguments} | _ordered(keywords)
    if not isinstance(function.structured_outputs, dict):
        raise refused(f"{path}: signature '{name}' has outputs without names", hint="Save the model again.")
    outputs = _ordered(function.structured_outputs)

    def call(tensors: Sequence[Any]) -> list[Any]:
        answers = function(**dict(zip(inputs, tensors, strict=True)))
        return [answers[key] for key in outputs]

    version = getattr(loaded, "tensorflow_version", "")
    return OpenModel(
        path=path,
        framework=f"TensorFlow {version} SavedModel" if version else "TensorFlow SavedModel",
        actions=actions + more,
        inputs=tuple(_spec(path, key, spec) for key, spec in inputs.items()),
        outputs=tuple(_spec(path, key, spec, output=True) for key, spec in outputs.items()),
        call=call,
        tracked=_tracked(loaded, function),
        signature=name,
        signature_keys=(tuple(inputs), tuple(outputs)),
    )


def _load(path: Path) -> tuple[Any, tuple[str, ...]]:
    """Return the loaded SavedModel. Objects that TensorFlow 2 cannot rebuild are no loss: the graph is enough."""
    import tensorflow as tf
    from tensorflow.python.saved_model import load_v1_in_v2

    try:
        return tf.saved_model.load(str(path)), ()
    except Exception as first:
        cause = _first_line(first)
        try:
            loaded = load_v1_in_v2.load(str(path), ["serve"])
        except Exception:
            raise refused(
                f"TensorFlow {tf.__version__} refuses the SavedModel {path}: {cause}",
                hint="Save it again where it was made: model.export('folder')",
                text=str(first),
            ) from first
        return loaded, (f"TensorFlow could not rebuild the SavedModel's objects ({cause}); opened its graph alone",)


def _first_line(error: Exception) -> str:
    r"""Return the first line of an error, with paths as the user writes them: TensorFlow shows some as bytes.

    >>> _first_line(OSError("Cannot parse file b'm/saved_model.pb': Wire format was corrupt.\nmore"))
    'Cannot parse file m/saved_model.pb: Wire format was corrupt.'
    """
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return _BYTES.sub(r"\1", lines[0])[:200]


def _tracked(loaded: Any, function: Any) -> tuple[Any, ...]:
    """Return what the signature uses: its variables, and the whole SavedModel if it uses tables or the like."""
    variables = tuple(function.variables)
    return variables if len(function.captured_inputs) == len(variables) else (*variables, loaded)


def _choose(path: Path, signatures: Any) -> tuple[str, tuple[str, ...]]:
    names = sorted(name for name in signatures if not name.startswith(_INTERNAL))
    if _SERVING in names:
        return _SERVING, ()
    if len(names) == 1:
        return names[0], (f"the SavedModel has no signature '{_SERVING}'; used its only one, '{names[0]}'",)
    if names:
        raise refused(
            f"{path} has the signatures {', '.join(names)} and none named '{_SERVING}'",
            hint=f"Save it again: tf.saved_model.save(model, folder, signatures={{'{_SERVING}': function}})",
        )
    raise refused(
        f"{path} is a SavedModel without signatures, so nothing says what to feed it",
        hint="Save it again with model.export('folder')",
    )


def _ordered(named: Mapping[str, Any]) -> dict[str, Any]:
    """Return a signature's parts by name, numbers in them by value: the file keeps no order, and TensorFlow varies it.

    >>> list(_ordered({"output_10": 1, "output_2": 2, "image": 3}))
    ['image', 'output_2', 'output_10']
    """
    return dict(sorted(named.items(), key=lambda pair: [int(p) if p.isdigit() else p for p in _NUMBERS.split(pair[0])]))


def _spec(path: Path, key: str, spec: Any, *, output: bool = False) -> TensorSpec:
    if spec.shape.rank is None:
        if not output:
            raise refused(
                f"{path}: the shape of input '{key}' is not known", hint="Save it again with an input_signature."
            )
        return TensorSpec(name=key, dtype=spec.dtype.name, shape=(-1,))
    shape = tuple(-1 if size is None else int(size) for size in spec.shape)
    return TensorSpec(name=key, dtype=spec.dtype.name, shape=shape)


PLUGIN = Source(
    name="saved_model",
    describes="SavedModel",
    recognise=_recognise,
    damage=_damage,
    needs_tensorflow=True,
    opener="litesmith.sources.kinds.saved_model:open_model",
)
