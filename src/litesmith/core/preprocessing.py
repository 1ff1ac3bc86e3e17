"""How a picture becomes a model's input: one record, used for calibration, evaluation and on the device."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

import numpy as np
import numpy.typing as npt

from litesmith.core.errors import ConfigError
from litesmith.core.names import look_up


class Resize(Enum):
    """How images are brought to size. All but NEAREST smooth when they shrink (Pillow's filters)."""

    BILINEAR = "bilinear"
    NEAREST = "nearest"
    BICUBIC = "bicubic"
    LANCZOS = "lanczos"
    BOX = "box"


class ColorOrder(Enum):
    """The order of channels as the model was trained."""

    RGB = "rgb"
    BGR = "bgr"
    GRAY = "gray"


class Layout(Enum):
    """Where the channels stand in one sample."""

    HWC = "hwc"
    CHW = "chw"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preprocessing:
    """The preprocessing a model was trained with.

    The value fed is `raw * scale + offset`, per channel where several are given. Resizing and cropping apply to
    images only and leave 8-bit values; `scale` and `offset` apply to every kind of sample.

    Attributes:
        preset: The name it was derived from.
        scale: One value, or one per channel.
        offset: One value, or one per channel.
        color_order: Channel order of the model's input.
        resize: Resampling filter.
        crop: Side of the central square kept before resizing, as a fraction of the shorter side; 0 keeps the
            whole image and lets its aspect change.
        height: Rows; 0 takes the model's input.
        width: Columns; 0 takes the model's input.
        layout: Position of the channels.
    """

    preset: str
    scale: tuple[float, ...] = (1.0,)
    offset: tuple[float, ...] = (0.0,)
    color_order: ColorOrder = ColorOrder.RGB
    resize: Resize = Resize.BILINEAR
    crop: float = 0.0
    height: int = 0
    width: int = 0
    layout: Layout = Layout.HWC

    def __post_init__(self) -> None:
        """Reject values no image can have."""
        if len(self.scale) != len(self.offset) and 1 not in (len(self.scale), len(self.offset)):
            raise ConfigError(
                f"scale has {len(self.scale)} values and offset {len(self.offset)}",
                hint="Give one, or one per channel.",
            )
        if not 0.0 <= self.crop <= 1.0:
            raise ConfigError(
                f"crop {self.crop:g} must lie in 0..1", hint="0.875 keeps the central 87.5 %; 0 keeps all."
            )
        if any(s == 0 for s in self.scale):
            raise ConfigError(
                "a scale of 0 would erase the input", hint="Give the factor the pixels are multiplied by."
            )


def from_mean_std(preset: str, *, mean: tuple[float, ...], std: tuple[float, ...], **fields: object) -> Preprocessing:
    """Return the record for (raw - mean) / std, with `mean` and `std` in raw units (0..255 for images)."""
    scale = tuple(1.0 / s for s in std)
    offset = tuple(-m / s for m, s in zip(mean, std, strict=True))
    return replace(Preprocessing(preset=preset, scale=scale, offset=offset), **fields)  # type: ignore[arg-type]


PRESETS: dict[str, Preprocessing] = {
    "raw": Preprocessing(preset="raw"),
    "unit": Preprocessing(preset="unit", scale=(1 / 255,)),
    "signed": Preprocessing(preset="signed", scale=(1 / 127.5,), offset=(-1.0,)),
    "torch": from_mean_std(
        "torch",
        mean=(0.485 * 255, 0.456 * 255, 0.406 * 255),
        std=(0.229 * 255, 0.224 * 255, 0.225 * 255),
    ),
    "caffe": from_mean_std("caffe", mean=(103.939, 116.779, 123.68), std=(1.0, 1.0, 1.0), color_order=ColorOrder.BGR),
}
"""`raw` feeds values as they are, `unit` x/255, `signed` x/127.5 - 1 (Keras MobileNet, Inception, Xception),
`torch` (x/255 - mean) / std per channel, `caffe` BGR minus the ImageNet means (Keras ResNet, VGG)."""


def preset(name: str) -> Preprocessing:
    """Return a named preset.

    Raises:
        UnknownNameError: no such preset.
    """
    return look_up("preprocessing preset", name, PRESETS)


def normalize(raw: npt.NDArray[np.generic], record: Preprocessing) -> npt.NDArray[np.float32]:
    """Return the float32 values fed to the model; same shape as `raw`, [..., C] or [..., C, H, W] by layout.

    >>> normalize(np.array([0, 255], np.uint8), PRESETS["signed"]).tolist()
    [-1.0, 1.0]
    """
    values = raw.astype(np.float32)
    scale = np.asarray(record.scale, np.float32)
    offset = np.asarray(record.offset, np.float32)
    if record.layout is Layout.CHW and values.ndim >= 3:
        scale, offset = (v[:, None, None] if v.size > 1 else v for v in (scale, offset))
    if np.any(scale != 1):
        values *= scale
    if np.any(offset != 0):
        values += offset
    return values


def matches_channels(record: Preprocessing, channels: int) -> bool:
    """Tell whether the per-channel values fit `channels` channels."""
    return all(len(v) in (1, channels) for v in (record.scale, record.offset))
