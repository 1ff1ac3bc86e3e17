"""TFLite metadata as records: what a model says of its tensors to ML Kit, MediaPipe Tasks and Android Studio.

Tables and numbers are those of `metadata_schema.fbs`, version 1.5.0, of tflite-support and MediaPipe.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
import numpy.typing as npt

from litesmith.core.preprocessing import Layout, Preprocessing
from litesmith.core.tensors import TensorSpec

METADATA = "TFLITE_METADATA"
"""Name of the entry in the model."""
IDENTIFIER = b"M001"
_BYTES = np.arange(256, dtype=np.float64)[:, None]


class FileKind(Enum):
    """What an attached file is for."""

    UNKNOWN = 0
    DESCRIPTIONS = 1
    AXIS_LABELS = 2
    VALUE_LABELS = 3
    SCORE_CALIBRATION = 4
    VOCABULARY = 5
    SCANN_INDEX = 6


class Content(Enum):
    """What a tensor holds."""

    NONE = 0
    FEATURE = 1
    IMAGE = 2
    BOUNDING_BOX = 3
    AUDIO = 4


class ColorSpace(Enum):
    """Colours of an image tensor; the schema knows no others."""

    UNKNOWN = 0
    RGB = 1
    GRAYSCALE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class FileCard:
    """One file that is attached to the model.

    Attributes:
        name: In the archive at the model's end.
        description: One line.
        kind: What it is for.
        version: Of the file; empty where it has none.
    """

    name: str
    description: str = ""
    kind: FileKind = FileKind.UNKNOWN
    version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorCard:
    """One input or output.

    Attributes:
        name: Of the tensor.
        description: For people.
        content: What it holds.
        color_space: Of an image.
        mean: Subtracted from pixels or values, one or one per channel; empty without normalization.
        std: Divides the result, as many as `mean`.
        minimum: Smallest value of the tensor as it is fed or returned; empty where not known.
        maximum: Largest value.
        files: Attached to it.
    """

    name: str
    description: str = ""
    content: Content = Content.NONE
    color_space: ColorSpace = ColorSpace.UNKNOWN
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    minimum: tuple[float, ...] = ()
    maximum: tuple[float, ...] = ()
    files: tuple[FileCard, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataCard:
    """What a model says of itself.

    Attributes:
        name: Of the model.
        description: For people.
        version: As its author numbers it.
        author: Who made it.
        license: Under which it may be used.
        inputs: In the model's order.
        outputs: In the model's order.
        files: Attached to the model as a whole.
        min_parser_version: Oldest reader that understands every field, as stated.
        identified: Whether the block carries the identifier of this schema.
    """

    name: str
    description: str = ""
    version: str = ""
    author: str = ""
    license: str = ""
    inputs: tuple[TensorCard, ...] = ()
    outputs: tuple[TensorCard, ...] = ()
    files: tuple[FileCard, ...] = ()
    min_parser_version: str = ""
    identified: bool = True

    @property
    def all_files(self) -> tuple[FileCard, ...]:
        """Every attached file that it names."""
        return (*self.files, *(file for tensor in (*self.inputs, *self.outputs) for file in tensor.files))


def least_parser_version(card: MetadataCard) -> str:
    """Return the oldest version of the schema that has everything a card uses, as its history tells.

    >>> least_parser_version(MetadataCard(name="m"))
    '1.0.0'
    >>> least_parser_version(MetadataCard(name="m", files=(FileCard(name="words.txt", kind=FileKind.VOCABULARY),)))
    '1.0.1'
    """
    needed = [(1, 0, 0)]
    for file in card.all_files:
        needed += [(1, 0, 1)] if file.kind is FileKind.VOCABULARY else []
        needed += [(1, 4, 0)] if file.kind is FileKind.SCANN_INDEX else []
        needed += [(1, 4, 1)] if file.version else []
    needed += [(1, 3, 0) for tensor in (*card.inputs, *card.outputs) if tensor.content is Content.AUDIO]
    return ".".join(str(part) for part in max(needed))


def normalization(spec: TensorSpec, record: Preprocessing) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return (mean, std) so that (pixel - mean) / std is the real value that an input stands for.

    An input that takes bytes as they are has the scale and zero that its first layers were changed to, whatever the
    model was trained with.

    >>> from litesmith.core.preprocessing import PRESETS
    >>> normalization(TensorSpec(name="x", dtype="float32", shape=(1, 8, 8, 3)), PRESETS["signed"])
    ((127.5,), (127.5,))
    """
    if spec.byte_fed:
        return (float(spec.byte_zero),), (1.0 / spec.byte_scale,)
    count = max(len(record.scale), len(record.offset))
    scale = np.broadcast_to(np.asarray(record.scale, np.float64), (count,))
    offset = np.broadcast_to(np.asarray(record.offset, np.float64), (count,))
    return tuple((-offset / scale + 0.0).tolist()), tuple((1.0 / scale).tolist())


def real_values(mean: tuple[float, ...], std: tuple[float, ...]) -> npt.NDArray[np.float64]:
    """Return what a normalization makes of the 256 bytes, float64 [256, channels]; not finite where std is 0."""
    with np.errstate(all="ignore"):
        made: npt.NDArray[np.float64] = (_BYTES - np.asarray(mean, np.float64)) / np.asarray(std, np.float64)
    return made


def byte_error(spec: TensorSpec, mean: tuple[float, ...], std: tuple[float, ...]) -> float:
    """Return by how many steps the integer an 8-bit input wants for a pixel differs from the pixel's own byte.

    MediaPipe Tasks and the Task Library write pixels into a uint8 input as they are and pay no regard to the
    normalization; for int8 the byte less 128 is what comes nearest. 0 means that they feed what the model wants.

    Raises:
        ValueError: the input is not a quantized one of 8 bits.
    """
    if spec.dtype not in ("int8", "uint8") or not spec.quantized:
        raise ValueError(f"{spec.dtype} has no steps of a byte")
    if spec.byte_fed:
        return 0.0
    low = 0 if spec.dtype == "uint8" else -128
    wanted = np.clip(np.rint(real_values(mean, std) / spec.scale) + spec.zero_point, low, low + 255)
    return float(np.abs(wanted - low - _BYTES).max())


def fits_channels(record: Preprocessing) -> bool:
    """Tell whether (mean, std) per channel can be said: metadata counts channels along the last dimension."""
    return record.layout is Layout.HWC or max(len(record.scale), len(record.offset)) == 1
