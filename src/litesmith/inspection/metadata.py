"""What the metadata of a .tflite says.

Field numbers of `CONVERSION_METADATA` are those of `tflite/converter/schema/conversion_metadata.fbs` of
google-ai-edge/LiteRT.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from litesmith.core.model_facts import MetadataInfo
from litesmith.core.model_metadata import METADATA, ColorSpace, Content, FileCard, FileKind, TensorCard
from litesmith.runtime.flatbuffer import ModelFile
from litesmith.runtime.flatbuffer_table import Buffer, Damaged
from litesmith.runtime.model_metadata import attached_files, attached_lines, read_card

CONVERSION = "CONVERSION_METADATA"
ATTACHED = "associated files"
_MOST_CHARACTERS = 300
_MOST_SAID = 1500
_MOST_WORDS = 80
_MOST_FILES = 20
_COLORS = {ColorSpace.RGB: "RGB image", ColorSpace.GRAYSCALE: "grey image", ColorSpace.UNKNOWN: "image"}
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
        if entry.name == METADATA:
            says = _read(file, place, partial(_card, file))
        elif entry.name == CONVERSION:
            says = _read(file, place, _conversion)
        found.append(MetadataInfo(name=_short(entry.name), size_bytes=entry.size_bytes, says=_short(says, _MOST_SAID)))
    attached = attached_files(file.path)
    if attached:
        shown = ", ".join(entry.name for entry in attached[:_MOST_FILES])
        more = f" and {len(attached) - _MOST_FILES} more" if len(attached) > _MOST_FILES else ""
        found.append(
            MetadataInfo(
                name=ATTACHED, size_bytes=sum(entry.size_bytes for entry in attached), says=_short(shown + more)
            )
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


def _card(file: ModelFile, data: memoryview) -> str:
    """Return the model's card, its facts one after the other."""
    card, facts = read_card(data), []
    for label, text in (("", card.name), ("", card.description), ("version ", card.version)):
        facts += [label + _short(text, _MOST_WORDS)] if text else []
    facts += [f"by {card.author}"] if card.author else []
    facts += [f"license {card.license}"] if card.license else []
    for side, tensors in (("input", card.inputs), ("output", card.outputs)):
        for tensor in tensors[:_MOST_FILES]:
            facts.extend(_tensor_facts(file, side, tensor))
    return "; ".join(_short(" ".join(fact.split())) for fact in facts)


def _tensor_facts(file: ModelFile, side: str, tensor: TensorCard) -> list[str]:
    facts = []
    if tensor.content is Content.IMAGE:
        facts.append(f"{side} {tensor.name}: {_COLORS[tensor.color_space]}")
    if tensor.mean or tensor.std:
        facts.append(f"{side} {tensor.name}: (value - {_numbers(tensor.mean)}) / {_numbers(tensor.std)}")
    if tensor.files:
        named = ", ".join(f"{entry.name}{_lines(file, entry)}" for entry in tensor.files[:_MOST_FILES])
        facts.append(
            f"{side} {tensor.name}: labels in {named}" if _labels(tensor) else f"{side} {tensor.name}: attached {named}"
        )
    return facts or [f"{side} {tensor.name}"]


def _labels(tensor: TensorCard) -> bool:
    """Tell whether what is attached to a tensor are names of its values."""
    kinds = {entry.kind for entry in tensor.files}
    return bool(kinds & {FileKind.AXIS_LABELS, FileKind.VALUE_LABELS})


def _lines(file: ModelFile, entry: FileCard) -> str:
    if entry.kind not in (FileKind.AXIS_LABELS, FileKind.VALUE_LABELS):
        return ""
    lines = attached_lines(file.path, entry.name)
    if lines is not None:
        return f" ({len(lines)})"
    there = any(attached.name == entry.name for attached in attached_files(file.path))
    return " (unreadable)" if there else " (not attached)"


def _numbers(values: tuple[float, ...]) -> str:
    shown = [f"{value:g}" for value in values[:_MOST_FILES]]
    return shown[0] if len(values) == 1 else f"[{', '.join(shown)}]"


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


def _short(text: str, most: int = _MOST_CHARACTERS) -> str:
    return text if len(text) <= most else text[:most] + "..."
