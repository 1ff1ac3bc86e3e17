"""What a bundled model says of itself in TFLite metadata, and what it cannot say.

Readers are held to what their sources do: MediaPipe Tasks (`image_tensor_specs.cc`, `image_preprocessing_graph.cc`,
`classification_postprocessing_graph.cc`) and the Task Library of tflite-support (`image_preprocessor.cc`). They write
pixels into a uint8 input as they are, subtract and divide for a float32 one, take red, green, blue with channels last,
and refuse other types. Where one of them would feed other values than the model wants, without a word, the metadata is
refused; where one would refuse the model, or look at another part of the picture, a finding says so.
"""

from __future__ import annotations

from collections.abc import Iterator

from litesmith.bundle.job import Picture
from litesmith.core.bundle import ModelCard
from litesmith.core.errors import BundleError
from litesmith.core.model_metadata import (
    ColorSpace,
    Content,
    FileCard,
    FileKind,
    MetadataCard,
    TensorCard,
    byte_error,
    fits_channels,
    normalization,
    real_values,
)
from litesmith.core.preprocessing import Layout, Preprocessing, Resize
from litesmith.core.results import Finding, Severity
from litesmith.core.tensors import TensorSpec

Units = tuple[tuple[float, ...], tuple[float, ...]]
"""(mean, std): one, or one per channel."""
LABELS = "labels.txt"
_READ = ("uint8", "float32")
_LIMITS = {"uint8": (0.0, 255.0), "int8": (-128.0, 127.0), "int16": (-32768.0, 32767.0)}
_READERS = "MediaPipe Tasks and the Task Library"
_QUARTER = 0.25
_MOST_STEPS = 1.0
"""Rounding: half a step of the byte, and half a step of the integer."""


def describe(
    card: ModelCard,
    picture: Picture | None,
    *,
    normalized: tuple[bool, ...],
    labels: tuple[str, ...],
    probabilities: bool,
    foreign: tuple[str, ...],
) -> tuple[MetadataCard, tuple[tuple[str, bytes], ...], tuple[Finding, ...]]:
    """Return a model's metadata, the files to attach, and what the metadata does not say.

    Args:
        card: Of the model before it carries metadata.
        picture: How pictures become its input; None where it takes tensors.
        normalized: For each input, whether scale and offset apply to it.
        labels: Names of the classes; empty where there are none.
        probabilities: Whether the only output holds probabilities.
        foreign: Operators that the runtime does not bring along.

    Raises:
        BundleError: readers of the metadata would feed other values than the model wants.
    """
    record = card.preprocessing or Preprocessing(preset="raw")
    if picture is not None:
        _require_said(card.inputs[0], picture, _units(card.inputs[0], record, normalized=normalized[0]))
    elif not fits_channels(record) and any(normalized):
        raise BundleError(
            "metadata counts channels along the last dimension, and this preprocessing has values per channel first",
            hint="Leave --metadata out.",
        )
    attached = FileCard(name=LABELS, description="Names of the classes, in order", kind=FileKind.AXIS_LABELS)
    made = MetadataCard(
        name=card.name,
        description=_about(card, picture, labels),
        version=card.sha256[:12],
        inputs=tuple(
            _input(spec, picture, record, normalized=applies)
            for spec, applies in zip(card.inputs, normalized, strict=True)
        ),
        outputs=tuple(
            _output(spec, (attached,) if labels else (), probabilities=probabilities) for spec in card.outputs
        ),
    )
    files = ((LABELS, "".join(f"{label}\n" for label in labels).encode("utf-8")),) if labels else ()
    return (
        made,
        files,
        tuple(_unsaid(card, picture, made.inputs[0] if made.inputs else None, labels=labels, foreign=foreign)),
    )


def _units(spec: TensorSpec, record: Preprocessing, *, normalized: bool) -> Units:
    """Return (mean, std) of an input: 0 and 1 where values are fed as they are."""
    return normalization(spec, record) if normalized else ((0.0,), (1.0,))


def _for_those_that_cut(spec: TensorSpec, units: Units) -> Units:
    """Return (mean, std) that give a uint8 input its bytes whether a reader rounds or cuts off fractions.

    The code that tflite-support generates for Android divides twice in float32 and cuts off (`NormalizeOp`,
    `QuantizeOp`, `TensorBufferUint8`): with the exact mean 32 of 256 bytes of one model came out one too small. A
    quarter of a byte more is lost in both.
    """
    mean, std = units
    if spec.dtype != "uint8" or not spec.quantized or units == ((0.0,), (1.0,)) or byte_error(spec, *units):
        return units
    return tuple(value - _QUARTER for value in mean), std


def _require_said(spec: TensorSpec, picture: Picture, units: Units) -> None:
    """Check that readers that know only the metadata feed a picture as the model wants it.

    Raises:
        BundleError: they would feed something else, and no error would tell.
    """
    if picture.swap:
        raise BundleError(
            "metadata cannot say that channels are in the order blue, green, red: readers would feed red, green, blue",
            hint="Leave --metadata out, or let the model's first layer swap the channels.",
        )
    if picture.layout is Layout.CHW and picture.channels:
        raise BundleError(
            "metadata cannot say that channels come first: readers would feed rows, columns, channels",
            hint="Leave --metadata out, or convert the model with channels last.",
        )
    if -1 in spec.shape[1:]:
        raise BundleError(
            f"input '{spec.name}' of shape {list(spec.shape)} takes any size, and readers take the size from the model",
            hint="Leave --metadata out, or convert the model with a fixed size.",
        )
    if spec.dtype != "uint8" or not spec.quantized:
        return
    steps = byte_error(spec, *units)
    if steps > _MOST_STEPS:
        raise BundleError(
            f"readers write pixels into the uint8 input '{spec.name}' as they are, and the model wants integers up to"
            f" {steps:g} steps away",
            hint="Quantize with the preprocessing named (deploy --preprocess ... --interface uint8), which makes bytes"
            " fit, or with --interface float32.",
        )


def _about(card: ModelCard, picture: Picture | None, labels: tuple[str, ...]) -> str:
    """Return one paragraph for people."""
    what = f"Classifier, {len(labels)} classes." if labels else "Model."
    parts = [what, f"Precision: {card.scheme}."]
    if card.source:
        parts.append(f"Made from {card.source}.")
    if picture is not None:
        parts.append(_picture_words(picture))
    if card.evaluation is not None:
        found = card.evaluation
        parts.append(f"{found.metric} {found.value:.4g} {found.unit}, n = {found.n}.")
    return " ".join([*parts, f"Described by Litesmith {card.versions.get('litesmith', '')}".strip() + "."])


def _picture_words(picture: Picture) -> str:
    colors = "RGB" if picture.channels == 3 else "grey"
    crop = f", central square of {picture.crop:g} of the shorter side" if picture.crop else ", whole picture"
    return f"Takes {colors} pictures of {picture.height}x{picture.width} (rows x columns){crop}."


def _input(spec: TensorSpec, picture: Picture | None, record: Preprocessing, *, normalized: bool) -> TensorCard:
    mean, std = _units(spec, record, normalized=normalized)
    if picture is None:
        if (mean, std) == ((0.0,), (1.0,)):
            mean = std = ()
        words = f"{spec.dtype} {_shape(spec)}"
        return TensorCard(name=spec.name, description=words, content=Content.FEATURE, mean=mean, std=std)
    mean, std = _for_those_that_cut(spec, (mean, std))
    low, high = _LIMITS.get(spec.dtype, (0.0, 255.0))
    minimum, maximum = (low,), (high,)
    if spec.dtype.startswith("float"):
        reals = real_values(mean, std)
        minimum, maximum = tuple(reals.min(axis=0).tolist()), tuple(reals.max(axis=0).tolist())
    return TensorCard(
        name=spec.name,
        description=f"{_picture_words(picture)} Pixels 0 to 255.",
        content=Content.IMAGE,
        color_space=ColorSpace.RGB if picture.channels == 3 else ColorSpace.GRAYSCALE,
        mean=mean,
        std=std,
        minimum=minimum,
        maximum=maximum,
    )


def _output(spec: TensorSpec, files: tuple[FileCard, ...], *, probabilities: bool) -> TensorCard:
    low, high = _LIMITS.get(spec.dtype, (0.0, 1.0))
    known = (spec.quantized and spec.dtype in _LIMITS) or (probabilities and spec.dtype.startswith("float"))
    return TensorCard(
        name=spec.name,
        description="One score per class, in the order of the labels" if files else f"{spec.dtype} {_shape(spec)}",
        content=Content.FEATURE,
        minimum=(low,) if known else (),
        maximum=(high,) if known else (),
        files=files,
    )


def _shape(spec: TensorSpec) -> str:
    return "x".join("?" if size < 0 else str(size) for size in spec.shape) or "number"


def _unsaid(
    card: ModelCard,
    picture: Picture | None,
    fed: TensorCard | None,
    *,
    labels: tuple[str, ...],
    foreign: tuple[str, ...],
) -> Iterator[Finding]:
    """Yield what readers will refuse, and what they will do otherwise than the model was trained."""
    if picture is None or fed is None:
        yield _found(
            "metadata-tensors",
            Severity.INFO,
            f"the metadata describes tensors: {_READERS} take models with one picture as their input",
        )
        return
    yield from _types(card)
    yield from _picture_findings(card.inputs[0], picture, (fed.mean, fed.std))
    if foreign:
        yield _found(
            "metadata-operators",
            Severity.WARNING,
            f"{_READERS} do not bring along {', '.join(foreign[:3])}, which the model needs",
            "Convert without operators of TensorFlow's own.",
        )
    if not labels:
        yield _found(
            "metadata-labels", Severity.INFO, "there are no labels: readers return numbers of classes", "Give --labels."
        )


def _types(card: ModelCard) -> Iterator[Finding]:
    ends = (*card.inputs, *card.outputs)
    other = [f"'{spec.name}' is {spec.dtype}" for spec in ends if spec.dtype not in _READ]
    if other:
        yield _found(
            "metadata-type",
            Severity.WARNING,
            f"{_READERS} refuse this model: {', '.join(other[:3])}, and they take uint8 or float32",
            "Quantize with --interface uint8.",
        )
    elif len({spec.dtype for spec in card.outputs}) > 1:
        yield _found("metadata-type", Severity.WARNING, f"{_READERS} refuse outputs of several types")


def _picture_findings(spec: TensorSpec, picture: Picture, units: Units) -> Iterator[Finding]:
    if spec.dtype == "uint8" and spec.quantized and (steps := byte_error(spec, *units)):
        yield _found(
            "metadata-rounding",
            Severity.WARNING,
            f"readers write pixels into '{spec.name}' as they are; the model wants integers up to {steps:g} step away",
            "Quantize with --interface float32, with which the model rounds, for the same answers.",
        )
    if spec.dtype == "float32" and len(set(zip(*units, strict=True))) > 1:
        yield _found(
            "metadata-per-channel",
            Severity.WARNING,
            "MediaPipe Tasks refuses float inputs whose mean or std differs by channel; the Task Library takes them",
            "Quantize with --interface uint8, which takes bytes.",
        )
    if picture.channels != 3:
        yield _found(
            "metadata-grey",
            Severity.WARNING,
            f"{_READERS} refuse this model: they feed pictures of three channels, and it takes grey ones",
            "Let the model's first layer take the mean of three channels.",
        )
    if picture.crop:
        yield _found(
            "metadata-crop",
            Severity.WARNING,
            f"metadata cannot say that the central square of {picture.crop:g} is kept: readers feed the whole picture",
            "Cut that square out before the picture is given to a reader.",
        )
    yield _found(
        "metadata-resize",
        Severity.INFO if picture.resize is Resize.BILINEAR else Severity.WARNING,
        f"readers resize by a bilinear filter that does not smooth, this model was prepared with"
        f" '{picture.resize.value}'; only pictures of {picture.height}x{picture.width} are fed the same",
        "See docs/how-to/ml-kit-and-mediapipe.md for how much that changed.",
    )


def _found(code: str, severity: Severity, message: str, hint: str = "") -> Finding:
    return Finding(code=code, severity=severity, message=message, hint=hint)
