"""What the metadata of a .tflite says.

Field numbers are those of `metadata_schema.fbs` of tflite-support (`TFLITE_METADATA`) and of
`tflite/converter/schema/conversion_metadata.fbs` of google-ai-edge/LiteRT (`CONVERSION_METADATA`).
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Callable
from itertools import islice
from pathlib import Path

from litesmith.core.model_facts import MetadataInfo
from litesmith.runtime.flatbuffer import ModelFile
from litesmith.runtime.flatbuffer_table import Buffer, Damaged, Table, array

CARD = "TFLITE_METADATA"
CONVERSION = "CONVERSION_METADATA"
ATTACHED = "associated files"
_MOST_CHARACTERS = 300
_MOST_FILES = 20
_MOST_ARCHIVED = 1000
_END_RECORD = struct.Struct("<4s4H2LH")
_NORMALIZATION = 1
_MODELS = {
    1: "a SavedModel",
    2: "a Keras model",
    3: "concrete functions",
    4: "a frozen graph",
    5: "a session",
    6: "JAX",
    7: "PyTorch",
}
MODES = {
    1001: "float16 weights",
    1002: "dynamic range",
    1003: "full integer",
    1004: "16-bit activations",
    2000: "quantization-aware training",
    3001: "random sparsity",
    3002: "block sparsity",
    3003: "structured sparsity",
}
"""What the converter was told to do, by the number in `CONVERSION_METADATA`."""


def metadata_of(file: ModelFile) -> tuple[MetadataInfo, ...]:
    """Return the metadata entries, and the files that are attached to the end as a ZIP archive."""
    found = []
    for place, entry in enumerate(file.graph.metadata):
        says = entry.text
        if entry.name == CARD:
            says = _read(file, place, _card)
        elif entry.name == CONVERSION:
            says = _read(file, place, _conversion)
        found.append(MetadataInfo(name=_short(entry.name), size_bytes=entry.size_bytes, says=_short(says)))
    attached = _attached(file.path)
    if attached:
        shown = ", ".join(name for name, _ in attached[:_MOST_FILES])
        more = f" and {len(attached) - _MOST_FILES} more" if len(attached) > _MOST_FILES else ""
        found.append(
            MetadataInfo(name=ATTACHED, size_bytes=sum(size for _, size in attached), says=_short(shown + more))
        )
    return tuple(found)


def conversion_modes(file: ModelFile) -> tuple[int, ...]:
    """Return what the converter was told to do, by the numbers of `MODES`; empty when the file does not say."""
    for place, entry in enumerate(file.graph.metadata):
        if entry.name == CONVERSION and entry.size_bytes:
            try:
                options = Buffer(file.block(place)).root().table(1)
                return () if options is None else options.integers(0)[:_MOST_FILES]
            except Damaged:
                return ()
    return ()


def _read(file: ModelFile, place: int, reader: Callable[[memoryview], str]) -> str:
    try:
        return reader(file.block(place))
    except Damaged as error:
        return f"unreadable: {error}"


def _card(data: memoryview) -> str:
    """Return the model's card, its facts one after the other."""
    root, facts = Buffer(data).root(), []
    for label, number in (("", 0), ("", 1), ("version ", 2), ("by ", 4), ("license ", 5)):
        text = root.text(number)
        if text:
            facts.append(label + text)
    for subgraph in islice(root.tables(3), 1):
        for side, number in (("input", 2), ("output", 3)):
            for tensor in islice(subgraph.tables(number), _MOST_FILES):
                facts.extend(_tensor_facts(data, side, tensor))
    return "; ".join(" ".join(fact.split()) for fact in facts)


def _tensor_facts(data: memoryview, side: str, tensor: Table) -> list[str]:
    name = tensor.text(0)
    facts = []
    for unit in islice(tensor.tables(4), _MOST_FILES):
        options = unit.table(1)
        if unit.number(0, "uint8") == _NORMALIZATION and options is not None:
            mean, deviation = (_numbers(data, options, number) for number in (0, 1))
            facts.append(f"{side} {name}: (value - {mean}) / {deviation}")
    labels = [attached.text(0) for attached in islice(tensor.tables(6), _MOST_FILES)]
    if labels:
        facts.append(f"{side} {name}: labels in {', '.join(labels)}")
    return facts or [f"{side} {name}"]


def _numbers(data: memoryview, options: Table, number: int) -> str:
    import numpy as np

    place, count = options.vector(number, 4)
    values = [f"{value:g}" for value in array(data, (place, min(count, _MOST_FILES)), np.float32).tolist()]
    return values[0] if len(values) == 1 else f"[{', '.join(values)}]"


def _conversion(data: memoryview) -> str:
    root, facts = Buffer(data).root(), []
    environment, options = root.table(0), root.table(1)
    if environment is not None:
        version = environment.text(0)
        facts.append(f"converted by TensorFlow {version}" if version else "converted")
        model = _MODELS.get(environment.number(2, "int32"))
        if model:
            facts.append(f"from {model}")
    if options is not None:
        modes = options.integers(0)[:_MOST_FILES]
        if modes:
            facts.append("asked for " + ", ".join(MODES.get(mode, f"mode {mode}") for mode in modes))
        if options.number(2, "bool"):
            facts.append("select TF ops allowed")
    return ", ".join(facts)


def _attached(path: Path) -> list[tuple[str, int]]:
    """Return names and sizes of attached files; the archive is not unpacked, and its directory read only when small."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - 66_000))
        tail = file.read()
        at = tail.rfind(b"PK\5\6")
        if at < 0 or at + _END_RECORD.size > len(tail):
            return []
        count = _END_RECORD.unpack_from(tail, at)[4]
        if count > _MOST_ARCHIVED:
            return []
        try:
            with zipfile.ZipFile(file) as archive:
                return [(entry.filename, entry.file_size) for entry in archive.infolist()]
        except (zipfile.BadZipFile, OSError, ValueError, EOFError, NotImplementedError):
            return []


def _short(text: str) -> str:
    return text if len(text) <= _MOST_CHARACTERS else text[:_MOST_CHARACTERS] + "..."
