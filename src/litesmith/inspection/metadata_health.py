"""Whether the TFLite metadata of a model fits the model: its readers believe it."""

from __future__ import annotations

import math
from collections.abc import Iterator

from litesmith.core.model_metadata import (
    ColorSpace,
    Content,
    FileKind,
    MetadataCard,
    TensorCard,
    byte_error,
    real_values,
)
from litesmith.core.results import Severity
from litesmith.core.tensors import TensorSpec
from litesmith.inspection.symptom import Finding, Symptom
from litesmith.runtime.flatbuffer import ModelFile
from litesmith.runtime.flatbuffer_table import Damaged
from litesmith.runtime.model_metadata import attached_files, attached_lines, metadata_card

_ANEW = "Write it anew with `litesmith bundle --metadata`."
DAMAGED = Symptom(code="metadata-damaged", severity=Severity.WARNING, hint=_ANEW)
TENSORS = Symptom(code="metadata-tensors", severity=Severity.WARNING, hint=_ANEW)
FILES = Symptom(
    code="metadata-files",
    severity=Severity.WARNING,
    hint="An edit of the model loses what is attached to its end. " + _ANEW,
)
LABELS = Symptom(code="metadata-labels", severity=Severity.WARNING, hint="Give one label per value of the output.")
PIXELS = Symptom(
    code="metadata-pixels",
    severity=Severity.WARNING,
    hint="Programs that read the metadata feed other values than the model wants. " + _ANEW,
)
_MOST_STEPS = 1.5
"""Rounding takes one at most; what is calibrated from images a little more."""
_LEAST_CHANNELS = 3


def metadata_findings(file: ModelFile) -> Iterator[Finding]:
    """Yield where a model's metadata is damaged or contradicts the model; nothing where it has none."""
    try:
        card = metadata_card(file)
    except Damaged as error:
        yield _found(DAMAGED, f"TFLITE_METADATA cannot be read: {error}")
        return
    if card is None or not file.graph.subgraphs:
        return
    if not card.identified:
        yield _found(DAMAGED, "TFLITE_METADATA does not carry the identifier M001: its readers refuse it", weight=0.5)
    graph = file.graph
    yield from _files(file, card)
    for what, tensors, specs, cards in (
        ("input", graph.main.inputs, graph.input_specs, card.inputs),
        ("output", graph.main.outputs, graph.output_specs, card.outputs),
    ):
        if len(specs) != len(cards):
            yield _found(TENSORS, f"metadata describes {len(cards)} {what}s, the model has {len(specs)}")
            continue
        for tensor, spec, entry in zip(tensors, specs, cards, strict=True):
            texts = _pixels(spec, entry) if what == "input" else _labels(file, spec, entry)
            for symptom, text in texts:
                yield _found(symptom, text, tensor=tensor)


def _files(file: ModelFile, card: MetadataCard) -> Iterator[Finding]:
    """Yield files that are named and not attached, or not as they can be read."""
    attached = {entry.name: entry for entry in attached_files(file.path)}
    for name in dict.fromkeys(entry.name for entry in card.all_files):
        if name not in attached:
            yield _found(FILES, f"metadata names the file '{name[:80]}', which is not attached to the model")
        elif not attached[name].stored:
            yield _found(
                FILES, f"the attached file '{name[:80]}' is compressed: MediaPipe Tasks refuses it", weight=0.5
            )


def _labels(file: ModelFile, spec: TensorSpec, card: TensorCard) -> Iterator[tuple[Symptom, str]]:
    for entry in card.files:
        if entry.kind is not FileKind.AXIS_LABELS or not spec.shape or spec.shape[-1] < 0:
            continue
        lines = attached_lines(file.path, entry.name)
        if lines is None and any(attached.name == entry.name for attached in attached_files(file.path)):
            yield (
                FILES,
                f"the attached file '{entry.name[:80]}' cannot be read: it is damaged or too large",
            )
        elif lines is not None and len(lines) != spec.shape[-1]:
            yield (
                LABELS,
                f"'{entry.name[:80]}' has {len(lines)} labels for the {spec.shape[-1]} values of output '{spec.name}'",
            )


def _pixels(spec: TensorSpec, card: TensorCard) -> Iterator[tuple[Symptom, str]]:
    """Yield what metadata says of an input's values that cannot be, or is not what its readers do."""
    name = f"input '{spec.name}'"
    if len(card.mean) != len(card.std):
        yield PIXELS, f"metadata of {name} has {len(card.mean)} means and {len(card.std)} deviations"
        return
    if not all(math.isfinite(value) for value in (*card.mean, *card.std)) or 0.0 in card.std:
        yield PIXELS, f"metadata of {name} divides by 0 or has a value that is no number"
        return
    image = card.content is Content.IMAGE
    channels = spec.shape[-1] if len(spec.shape) == 4 else -1
    if image and len(spec.shape) != 4:
        yield PIXELS, f"metadata says that {name} of shape {list(spec.shape)} is an image"
    elif image and card.color_space is ColorSpace.RGB and channels not in (-1, 3, 4):
        yield PIXELS, f"metadata says that {name} is RGB, and it has {channels} channels"
    elif image and card.color_space is ColorSpace.GRAYSCALE and channels not in (-1, 1):
        yield PIXELS, f"metadata says that {name} is grey, and it has {channels} channels"
    if channels >= _LEAST_CHANNELS and len(card.mean) not in (0, 1, channels):
        yield PIXELS, f"metadata of {name} normalizes {len(card.mean)} channels of {channels}"
        return
    if image and spec.dtype == "float32" and not card.mean:
        yield PIXELS, f"metadata of the float image {name} has no normalization: its readers refuse it"
    if card.mean and not agrees(
        spec, card, (float(spec.byte_zero),), (1.0 / spec.byte_scale,) if spec.byte_fed else ()
    ):
        yield PIXELS, f"metadata of {name} does not say that it takes bytes, as its first layers were changed to do"
    if image and card.mean and spec.dtype == "uint8" and spec.quantized:
        steps = byte_error(spec, card.mean, card.std)
        if steps > _MOST_STEPS:
            low, high = float(real_values(card.mean, card.std).min()), float(real_values(card.mean, card.std).max())
            yield (
                PIXELS,
                f"metadata says that pixels of {name} mean {low:.4g} to {high:.4g}, which its scale makes up to"
                f" {steps:.3g} steps away from the bytes that readers feed",
            )


def agrees(spec: TensorSpec, card: TensorCard, mean: tuple[float, ...], std: tuple[float, ...]) -> bool:
    """Tell whether metadata's normalization makes of every byte what another one makes, to half a step of a byte.

    An input of bytes that is not float is fed bytes whatever the normalization says. Nothing to compare with agrees.
    """
    if not card.mean or not std or (spec.byte_fed and not spec.dtype.startswith("float")):
        return True
    difference = abs(real_values(card.mean, card.std) - real_values(mean, std)).max()
    return bool(difference <= abs(0.5 / min(std, key=abs)))


def _found(symptom: Symptom, message: str, *, tensor: int | None = None, weight: float = 1.0) -> Finding:
    return Finding(
        symptom=symptom,
        subgraph=0,
        ops=(),
        tensors=() if tensor is None else (tensor,),
        message=message,
        weight=weight,
    )
